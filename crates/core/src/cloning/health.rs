//! What to do about clones that do not live.
//!
//! One that fails its probe, or never started, is replaced at once the first time. A
//! function that goes on failing is tried less and less often, twice as long after each
//! failure, so that a crash loop costs a start every few minutes and not all there are. A
//! clone that showed that it lives ends the series.
//!
//! One that lives may still be good for nothing: a probe that runs nothing of the guest does not see
//! that calls fail. So clones go by the calls of their siblings as well. Where some in a row had no
//! answer, what waits is replaced, and while that goes on there is one clone at most, tried as
//! seldom as in any other crash loop. A call that is answered ends it.

use crate::time::{Instant, Span};

/// The pause after the second failure in a row.
const PAUSE_FIRST: Span = Span::from_secs(1);
/// The longest pause.
const PAUSE_MAX: Span = Span::from_mins(5);

/// So many calls in a row without an answer are taken for the function's state, fewer for their
/// own fault.
const CALLS_IN_ROW: u32 = 3;

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

/// Calls in a row of one function that had no answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CallHealth {
    failures: u32,
    pauses: Health,
}

impl CallHealth {
    /// A call had no answer. Whether the clones that wait are to be replaced: not again while a pause
    /// lasts, since those of now are as old as the failures that brought it about.
    pub fn failed(&mut self, now: Instant) -> bool {
        self.failures = self.failures.saturating_add(1);
        let is_new = self.is_failing() && now >= self.pauses.until();
        if is_new {
            self.pauses.failed(now);
        }
        is_new
    }

    /// A call was answered. Whether that is news.
    pub fn answered(&mut self) -> bool {
        let was_failing = self.is_failing();
        *self = Self::default();
        was_failing
    }

    /// Whether calls go without an answer, all of them of late.
    pub fn is_failing(&self) -> bool {
        self.failures >= CALLS_IN_ROW
    }

    /// How many did in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// From when on another clone may be begun.
    pub fn until(&self) -> Instant {
        self.pauses.until()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_that_fail_in_a_row_are_the_function_s_state() {
        let at = |seconds: u64| Instant::from_millis(seconds * 1000);
        let mut calls = CallHealth::default();
        assert!(!calls.failed(at(1)) && !calls.failed(at(1)));
        assert!(!calls.answered() && !calls.failed(at(2)), "a series begins anew");
        assert!(!calls.failed(at(3)) && !calls.is_failing());
        let found = [(3, true, 3), (4, true, 5), (4, false, 5), (5, true, 7), (6, false, 7)];
        for (second, replaces, until) in found {
            assert_eq!(calls.failed(at(second)), replaces, "{second}");
            assert_eq!(calls.until(), at(until), "{second}");
        }
        assert!(calls.is_failing() && calls.failures() == 7);
        assert!(calls.answered() && !calls.is_failing() && calls.until() == Instant::ZERO);
    }

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
