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

    /// Whether it held, the same for so many ticks.
    pub fn push_many(&mut self, held: bool, ticks: u32) {
        (0..ticks.min(self.ticks.into())).for_each(|_| self.push(held));
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

/// The longest that a [`Recent`] looks back, in ticks.
pub const RECENT_TICKS_MAX: usize = 64;

/// A window over few ticks: a word, as what is looked at ten times a second for ten thousand
/// FIFOs should lie together.
#[derive(Debug, Clone, Copy)]
pub struct Recent {
    /// The latest tick is the lowest bit.
    held: u64,
    ticks: u8,
    seen: u8,
}

impl Recent {
    /// A window over so many ticks, at least one and at most [`RECENT_TICKS_MAX`].
    pub fn new(ticks: usize) -> Self {
        Self { held: 0, ticks: ticks.clamp(1, RECENT_TICKS_MAX) as u8, seen: 0 }
    }

    /// Whether it held at this tick.
    pub fn push(&mut self, held: bool) {
        self.push_many(held, 1);
    }

    /// Whether it held, the same for so many ticks.
    pub fn push_many(&mut self, held: bool, ticks: u32) {
        let new = if held { u64::MAX } else { 0 };
        // Sixty-four ticks and more leave nothing of before.
        let former = self.held.checked_shl(ticks).unwrap_or(0);
        let latest = u64::MAX.checked_shl(ticks).map_or(u64::MAX, |before| !before);
        let mask = u64::MAX >> (RECENT_TICKS_MAX as u32 - u32::from(self.ticks));
        self.held = (former | (new & latest)) & mask;
        self.seen = u32::from(self.seen).saturating_add(ticks).min(self.ticks.into()) as u8;
    }

    /// The share, of the whole window: ticks that are not yet seen did not hold.
    pub fn share(&self) -> f64 {
        f64::from(self.held.count_ones()) / f64::from(self.ticks)
    }

    /// Whether it held at any tick.
    pub fn has_any(&self) -> bool {
        self.held != 0
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        (self.held, self.seen) = (0, 0);
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
    fn short_windows_are_windows() {
        for ticks in [1, 4, 63, 64] {
            let (mut one, mut other) = (Window::new(ticks), Recent::new(ticks));
            for step in 0..400u32 {
                let (held, many) = (step * step % 7 < 3, step * step % 11);
                let many = if step % 50 == 49 { many * 20 } else { many % 3 };
                one.push_many(held, many);
                other.push_many(held, many);
                let seen = (other.share(), other.is_full());
                assert_eq!(seen, (one.share(), one.is_full()), "{ticks} {step}");
                assert_eq!(other.has_any(), other.share() > 0.0);
            }
            other.clear();
            assert!(!other.is_full() && !other.has_any());
        }
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
