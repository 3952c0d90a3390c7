//! In what share of the last ticks something held: "consistently", as a number.

/// Words of bits that a window has, one bit for each tick.
const WORDS: usize = 5;
/// The longest window, in ticks.
pub const TICKS_MAX: usize = 64 * WORDS;

/// A window over the last ticks. It is one piece of memory, as ten thousand FIFOs have
/// several each, and all are looked at ten times a second.
#[derive(Debug, Clone)]
pub struct Window {
    held: [u64; WORDS],
    ticks: u16,
    next: u16,
    seen: u16,
    count: u16,
}

impl Window {
    /// A window over so many ticks, at least one and at most [`TICKS_MAX`].
    pub fn new(ticks: usize) -> Self {
        let ticks = ticks.clamp(1, TICKS_MAX) as u16;
        Self { held: [0; WORDS], ticks, next: 0, seen: 0, count: 0 }
    }

    /// Whether it held at this tick.
    pub fn push(&mut self, held: bool) {
        let (word, bit) = (usize::from(self.next / 64), 1u64 << (self.next % 64));
        self.count -= u16::from(self.held[word] & bit != 0);
        self.count += u16::from(held);
        self.held[word] = if held { self.held[word] | bit } else { self.held[word] & !bit };
        self.next = if self.next + 1 == self.ticks { 0 } else { self.next + 1 };
        self.seen = (self.seen + 1).min(self.ticks);
    }

    /// The share, of the whole window: ticks that are not yet seen did not hold.
    pub fn share(&self) -> f64 {
        f64::from(self.count) / f64::from(self.ticks)
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.held = [0; WORDS];
        (self.seen, self.count) = (0, 0);
    }

    /// Whether the window is full of ticks that were seen.
    pub fn is_full(&self) -> bool {
        self.seen == self.ticks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_the_last_ticks() {
        let mut window = Window::new(4);
        for (held, expected) in
            [(true, 0.25), (true, 0.5), (false, 0.5), (true, 0.75), (false, 0.5), (false, 0.25)]
        {
            window.push(held);
            assert_eq!(window.share(), expected);
        }
        assert!(window.is_full());
        window.clear();
        assert!(!window.is_full() && window.share() == 0.0);
    }

    #[test]
    fn long_windows_forget_what_is_older() {
        let mut window = Window::new(300);
        for tick in 0..1_000 {
            window.push(tick % 3 == 0);
        }
        assert_eq!(window.share(), 1.0 / 3.0);
        (0..300).for_each(|_| window.push(true));
        assert_eq!(window.share(), 1.0);
        assert_eq!(Window::new(usize::MAX).ticks as usize, TICKS_MAX);
    }
}
