//! In what share of the last ticks something held: "consistently", as a number.

/// A window over the last ticks.
#[derive(Debug, Clone)]
pub struct Window {
    held: Vec<bool>,
    next: usize,
    seen: usize,
    count: usize,
}

impl Window {
    /// A window over so many ticks, at least one.
    pub fn new(ticks: usize) -> Self {
        Self { held: vec![false; ticks.max(1)], next: 0, seen: 0, count: 0 }
    }

    /// Whether it held at this tick.
    pub fn push(&mut self, held: bool) {
        self.count -= usize::from(self.held[self.next]);
        self.count += usize::from(held);
        self.held[self.next] = held;
        self.next = (self.next + 1) % self.held.len();
        self.seen = (self.seen + 1).min(self.held.len());
    }

    /// The share, of the whole window: ticks that are not yet seen did not hold.
    pub fn share(&self) -> f64 {
        self.count as f64 / self.held.len() as f64
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.held.fill(false);
        (self.seen, self.count) = (0, 0);
    }

    /// Whether the window is full of ticks that were seen.
    pub fn is_full(&self) -> bool {
        self.seen == self.held.len()
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
}
