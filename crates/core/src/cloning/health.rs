//! What to do about clones that do not live.
//!
//! One that fails its probe, or never started, is replaced at once the first time. A
//! function that goes on failing is tried less and less often, twice as long after each
//! failure, so that a crash loop costs a start every few minutes and not all there are. A
//! clone that showed that it lives ends the series.

use crate::time::{Instant, Span};

/// The pause after the second failure in a row.
const PAUSE_FIRST: Span = Span::from_secs(1);
/// The longest pause.
const PAUSE_MAX: Span = Span::from_mins(5);

/// Failures in a row of one function's clones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Health {
    failures: u32,
    until: Instant,
}

impl Health {
    /// A clone failed.
    pub fn failed(&mut self, now: Instant) {
        let doublings = self.failures.checked_sub(1);
        let pause = doublings.map_or(Span::ZERO, |doublings| {
            (PAUSE_FIRST * (1 << doublings.min(20))).min(PAUSE_MAX)
        });
        self.failures = self.failures.saturating_add(1);
        self.until = now + pause;
    }

    /// A clone showed that it lives.
    pub fn lives(&mut self) {
        *self = Self::default();
    }

    /// From when on another clone may be begun.
    pub fn until(&self) -> Instant {
        self.until
    }

    /// How many failed in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_loop_is_tried_less_and_less_often() {
        let now = Instant::from_millis(9_000);
        let mut health = Health::default();
        assert_eq!(health.until(), Instant::ZERO);
        for seconds in [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
            health.failed(now);
            assert_eq!(health.until(), now + Span::from_secs(seconds));
        }
        assert_eq!(health.failures(), 12);
        health.lives();
        health.failed(now);
        assert_eq!(health.until(), now, "the first is replaced at once");
    }
}
