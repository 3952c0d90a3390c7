//! When was something that may lie before the run began?
//!
//! An `Instant` cannot lie before the zero of its run, but what a mind remembers from an
//! earlier run does. Keepers that learn from ages keep this instead.

use crate::time::{Instant, Span};

/// A moment that has passed, in nanoseconds from the start of the run, perhaps negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Past(i64);

impl Past {
    /// That instant of this run.
    pub fn at(instant: Instant) -> Self {
        Self(i64::try_from(instant.nanos()).unwrap_or(i64::MAX))
    }

    /// So long before `now`.
    pub fn before(now: Instant, age: Span) -> Self {
        let age = i64::try_from(age.nanos()).unwrap_or(i64::MAX);
        Self(Self::at(now).0.saturating_sub(age))
    }

    /// How long ago it was; nothing if it was later.
    pub fn age(self, now: Instant) -> Span {
        let nanos = i128::from(now.nanos()) - i128::from(self.0);
        Span::from_nanos(u64::try_from(nanos).unwrap_or(0))
    }

    /// The instant at which it will be so long ago; the zero of the run if that has passed.
    pub fn turning(self, age: Span) -> Instant {
        let nanos = i128::from(self.0) + i128::from(age.nanos());
        Instant::from_nanos(u64::try_from(nanos.max(0)).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_reach_beyond_the_zero_of_the_run() {
        let (now, hour) = (Instant::from_millis(60_000), Span::from_mins(60));
        let past = Past::before(now, hour);
        assert_eq!(past.age(now), hour);
        assert_eq!(past.age(now + hour), hour + hour);
        assert_eq!(past.turning(hour + hour), now + hour);
        assert_eq!(past.turning(Span::ZERO), Instant::ZERO);
        assert_eq!(Past::at(now).age(now + hour), hour);
        assert_eq!(Past::at(now + hour).age(now), Span::ZERO);
        assert!(Past::before(now, Span::FOREVER).age(now) > Span::from_mins(1 << 20));
        assert_eq!(Past::at(Instant::NEVER).age(now), Span::ZERO);
    }
}
