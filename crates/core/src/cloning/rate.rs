//! How many clones may begin at a time: starts compete with requests for the processor.
//!
//! A bucket of tokens that fills by so many a second and holds a second's worth, counted in
//! nanoseconds of filling so that nothing is lost between two looks.

use crate::time::{Instant, Span};

const SECOND: u64 = 1_000_000_000;

/// A cap on starts per second.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    per_second: u32,
    /// When the bucket was empty or would have been: it holds what has passed since. A new
    /// one is full.
    empty: Option<Instant>,
}

impl Rate {
    /// At most so many a second; 0 for no bound.
    pub fn new(per_second: u32) -> Self {
        Self { per_second, empty: None }
    }

    fn each(self) -> Span {
        Span::from_nanos(SECOND.div_ceil(u64::from(self.per_second.max(1))))
    }

    /// When the next start may begin: `now` if it may at once.
    pub fn next(&self, now: Instant) -> Instant {
        match self.empty {
            Some(empty) if self.per_second > 0 => (empty + self.each()).max(now),
            _ => now,
        }
    }

    /// Takes a start, which [`Rate::next`] allowed.
    pub fn take(&mut self, now: Instant) {
        if self.per_second == 0 {
            return;
        }
        let full = now.nanos().saturating_sub(SECOND.max(self.each().nanos()));
        let full = Instant::from_nanos(full);
        self.empty = Some(self.empty.map_or(full, |empty| empty.max(full)) + self.each());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_second_sees_more_than_twice_the_rate_and_none_is_lost() {
        for (per_second, starts) in [(1, 11), (4, 44), (50, 550)] {
            let mut rate = Rate::new(per_second);
            let mut begun: Vec<Instant> = Vec::new();
            let begin = Instant::from_millis(5_000);
            for tick in 0..10_000 {
                let now = begin + Span::from_millis(tick);
                while rate.next(now) <= now {
                    rate.take(now);
                    begun.push(now);
                }
            }
            assert!(begun.len() as u32 <= starts, "{}: {}", per_second, begun.len());
            assert!(begun.len() as u32 >= per_second * 10 - 1, "{}: {}", per_second, begun.len());
            for (place, &at) in begun.iter().enumerate() {
                let within = begun[place..].iter().take_while(|&&b| b < at + Span::from_secs(1));
                assert!(within.count() as u32 <= 2 * per_second, "{per_second} from {at:?}");
            }
        }
    }

    #[test]
    fn without_a_bound_every_start_may_begin() {
        let mut rate = Rate::new(0);
        (0..1000).for_each(|_| rate.take(Instant::ZERO));
        assert_eq!(rate.next(Instant::ZERO), Instant::ZERO);
    }
}
