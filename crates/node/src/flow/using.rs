//! What a function uses of the processor time and of the memory that it may use, from sums that grow
//! as its calls go on.

use swell_core::time::Instant;

use crate::observe::usage::Used;

/// What a function may use.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Cores: no more than the node has, nor than calls it may work on.
    pub(crate) cores: f64,
    /// Bytes of an instance.
    pub(crate) memory_bytes: u64,
}

/// What a function uses, averaged.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Using {
    before: Option<(Instant, Used)>,
    cpu: f64,
    memory: f64,
}

impl Using {
    /// Takes in the sums at a time; `weight` is how much what came since counts against all before.
    pub(crate) fn look(&mut self, now: Instant, used: Used, limits: Limits, weight: f64) {
        let Some((at, before)) = self.before.replace((now, used)) else { return };
        let (since, passed) = (used.since(&before), now.since(at).secs_f64());
        if passed > 0.0 {
            let share = since.cpu_us as f64 / 1e6 / passed / limits.cores.max(f64::MIN_POSITIVE);
            self.cpu += weight * (share.min(1.0) - self.cpu);
        }
        // What no call told of is as it was told last.
        if since.weighed > 0 && limits.memory_bytes > 0 {
            let held = since.memory_kib as f64 * 1024.0 / since.weighed as f64;
            let share = (held / limits.memory_bytes as f64).min(1.0);
            let weight = if self.memory > 0.0 { weight } else { 1.0 };
            self.memory += weight * (share - self.memory);
        }
    }

    /// Used share of the processor time that it may use.
    pub(crate) fn cpu(&self) -> f64 {
        self.cpu
    }

    /// Share of its limit that the guest of a call held at most, on average over calls.
    pub(crate) fn memory(&self) -> f64 {
        self.memory
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_what_may_be_used() {
        let limits = Limits { cores: 2.0, memory_bytes: 1 << 20 };
        let mut using = Using::default();
        let mut look = |ms: u64, cpu_ms: u64, calls: u64, kib: u64| {
            let used = Used {
                calls,
                weighed: calls,
                memory_kib: kib,
                cpu_us: cpu_ms * 1_000,
                ..Used::default()
            };
            using.look(Instant::from_millis(ms), used, limits, 0.5);
            (using.cpu(), using.memory())
        };
        assert_eq!(look(1_000, 90_000, 100, 100_000), (0.0, 0.0), "what was before is of no time");
        // One of two cores, and calls of half of the limit.
        assert_eq!(look(1_100, 90_100, 104, 102_048), (0.25, 0.5));
        assert_eq!(look(1_200, 90_100, 104, 102_048), (0.125, 0.5), "it sleeps, and no call ends");
        assert_eq!(look(1_300, 90_300, 105, 103_072), (0.5625, 0.75));
        // A version that went took its sums along.
        assert_eq!(look(1_400, 0, 0, 0), (0.28125, 0.75));
        assert_eq!(look(1_400, 0, 0, 0), (0.28125, 0.75), "no time passed");
    }
}
