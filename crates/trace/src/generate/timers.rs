//! Calls by the clock.
//!
//! A third of Azure's functions have timers, most with the periods that people type into
//! a schedule. A period is therefore rounded to the nearest of those where it is a minute
//! or more; the phase is the function's own, and a call may come a little late.

use swell_core::rng::Rng;
use swell_core::time::{Instant, Span};

use crate::pattern::{Pattern, uniform};

/// Minutes between the calls of common schedules.
const PERIODS_MINUTES: [u64; 14] = [1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 720, 1440];

/// A periodic pattern.
#[derive(Debug, Clone)]
pub struct Timers {
    due: Instant,
    period: Span,
    jitter: Span,
}

impl Timers {
    /// Calls at `phase`, `phase + period`, ..., each late by up to `jitter`, which is
    /// capped at the period so that calls keep their order.
    pub fn new(phase: Span, period: Span, jitter: Span) -> Self {
        let period = period.max(Span::from_nanos(1));
        Self { due: Instant::ZERO + phase, period, jitter: jitter.min(period) }
    }
}

impl Pattern for Timers {
    fn next(&mut self, rng: &mut Rng) -> Instant {
        let at = self.due + uniform(rng, self.jitter);
        self.due = self.due + self.period;
        at
    }
}

/// The period a person would schedule for calls `gap` apart.
pub fn schedule(gap: Span) -> Span {
    if gap < Span::from_mins(1) {
        return gap.max(Span::from_millis(1));
    }
    let away = |minutes: &u64| (gap.secs_f64() / (*minutes as f64 * 60.0)).ln().abs();
    let mut best = PERIODS_MINUTES[0];
    for minutes in PERIODS_MINUTES {
        if away(&minutes) < away(&best) {
            best = minutes;
        }
    }
    Span::from_mins(best)
}

#[cfg(test)]
mod tests {
    use super::*;
    use swell_core::rng::split;

    #[test]
    fn periods_are_those_of_schedules() {
        for (gap, expected) in [
            (Span::from_secs(7), Span::from_secs(7)),
            (Span::from_secs(70), Span::from_mins(1)),
            (Span::from_mins(7), Span::from_mins(5)),
            (Span::from_mins(8), Span::from_mins(10)),
            (Span::from_mins(99_999), Span::from_mins(1440)),
            (Span::ZERO, Span::from_millis(1)),
        ] {
            assert_eq!(schedule(gap), expected, "{gap}");
        }
    }

    #[test]
    fn calls_keep_phase_and_period() {
        let mut rng = split(1, "t");
        let second = Span::from_secs(1);
        let mut pattern = Timers::new(Span::from_secs(7), Span::from_mins(1), second);
        for turn in 0..100 {
            let due = Instant::ZERO + Span::from_secs(7 + 60 * turn);
            let at = pattern.next(&mut rng);
            assert!(at >= due && at < due + second);
        }
    }
}
