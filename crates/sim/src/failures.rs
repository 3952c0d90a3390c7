//! Modelled instances that fail, as real ones do: some die while they wait, and nobody notices
//! until they are probed or called; and some functions cannot start for a while (a crash loop).

use swell_core::ids::FunctionId;
use swell_core::rng::{self, Rng, below, unit};
use swell_core::time::{Instant, Span};

/// How long a function that crashes fails to start, and how often that happens.
const OUTAGE: Span = Span::from_mins(10);
const CYCLE: Span = Span::from_mins(60);

/// How instances fail.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Failures {
    /// How often an instance dies in an hour of its life, in the mean.
    pub deaths_per_hour: f64,
    /// Of a thousand functions, so many cannot start for ten minutes of every hour.
    pub crashing: u16,
}

impl Failures {
    /// Whether nothing fails.
    pub fn is_none(&self) -> bool {
        self.deaths_per_hour <= 0.0 && self.crashing == 0
    }
}

/// What is to befall instances and functions, drawn from a seed.
#[derive(Debug)]
pub(crate) struct Fates {
    deaths_per_hour: f64,
    rng: Rng,
    /// By slot, from when on its tenant is dead.
    dead: Vec<Instant>,
    /// By function, how far its cycle is ahead, if it has outages.
    phases: Vec<Option<Span>>,
}

impl Fates {
    pub(crate) fn new(failures: Failures, functions: usize, seed: u64) -> Self {
        let mut drawn = rng::split(seed, "world/outages");
        let mut phase = || {
            let (share, phase) = (below(&mut drawn, 1000), below(&mut drawn, CYCLE.nanos()));
            (share < u64::from(failures.crashing)).then_some(Span::from_nanos(phase))
        };
        Self {
            deaths_per_hour: failures.deaths_per_hour,
            rng: rng::split(seed, "world/deaths"),
            dead: Vec::new(),
            phases: (0..functions).map(|_| phase()).collect(),
        }
    }

    /// An instance is there from `ready` on: its end is drawn.
    pub(crate) fn begin(&mut self, ready: Instant, slot: usize) {
        if slot >= self.dead.len() {
            self.dead.resize(slot + 1, Instant::NEVER);
        }
        self.dead[slot] = Instant::NEVER;
        if self.deaths_per_hour > 0.0 {
            // Deaths know nothing of age: the time to one is exponential.
            let hours = -(1.0 - unit(&mut self.rng)).ln() / self.deaths_per_hour;
            self.dead[slot] = ready + Span::from_secs_f64(hours * 3600.0);
        }
    }

    /// Whether the tenant of a slot is dead.
    pub(crate) fn is_dead(&self, now: Instant, slot: usize) -> bool {
        self.dead.get(slot).is_some_and(|&dead| dead <= now)
    }

    /// Whether a start of the function fails.
    pub(crate) fn crashes(&self, now: Instant, function: FunctionId) -> bool {
        let phase = self.phases.get(function.index()).copied().flatten();
        phase.is_some_and(|phase| {
            let place = (now + phase).nanos() % CYCLE.nanos();
            place < OUTAGE.nanos()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_die_and_crash_as_was_asked_for() {
        let failures = Failures { deaths_per_hour: 0.5, crashing: 200 };
        let mut fates = Fates::new(failures, 2_000, 3);
        (0..2_000).for_each(|slot| fates.begin(Instant::ZERO, slot));
        let after = |mins: u64| {
            let now = Instant::ZERO + Span::from_mins(mins);
            (0..2_000).filter(|&slot| fates.is_dead(now, slot)).count()
        };
        // One minus e to the power of minus a half.
        assert!((700..870).contains(&after(60)), "{} of 2,000", after(60));
        assert_eq!(after(0), 0);
        let crashing = (0..2_000).map(FunctionId).filter(|&function| {
            (0..60).any(|min| fates.crashes(Instant::ZERO + Span::from_mins(min), function))
        });
        let crashing: Vec<FunctionId> = crashing.collect();
        assert!((330..470).contains(&crashing.len()), "{}", crashing.len());
        let minutes = (0..60u64)
            .filter(|&min| fates.crashes(Instant::ZERO + Span::from_mins(min), crashing[0]));
        assert_eq!(minutes.count(), 10);
    }

    #[test]
    fn nothing_fails_unless_asked_for() {
        assert!(Failures::default().is_none());
        let mut fates = Fates::new(Failures::default(), 10, 3);
        fates.begin(Instant::ZERO, 0);
        assert!(!fates.is_dead(Instant::from_millis(1 << 40), 0));
        assert!(!fates.crashes(Instant::ZERO, FunctionId(0)));
    }
}
