//! What was used, as sums that only grow: whoever reads them twice knows what was used between.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Sums since a node came up, and what is held now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sums {
    /// How long calls were worked on, in microseconds by the wall: what others that wait for them
    /// can see of it.
    pub run_us: u64,
    /// Processor time, in microseconds.
    pub cpu_us: u64,
    /// Bytes of memory held now.
    pub memory_bytes: u64,
    /// Bytes of requests and answers.
    pub network_bytes: u64,
    /// Operations on disks.
    pub io: u64,
    /// Calls.
    pub calls: u64,
    /// Those of them that failed or were refused.
    pub failed: u64,
}

/// What a site's sums were at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reading {
    /// When, in milliseconds since 1970, by the clock of the site.
    pub at_ms: u64,
    /// By workload, by name.
    pub workloads: BTreeMap<String, Sums>,
    /// What no workload accounts for, as far as it takes from what the site bears.
    #[serde(default)]
    pub rest: Sums,
    /// What the site bears as a whole by another measure, such as that of a Prometheus, in the
    /// units and order of the council's `Loads`; none where there is no such measure.
    #[serde(default)]
    pub measured: [Option<u64>; 4],
}

/// Amounts per metric, in the units and order of the council's `Loads`.
pub type Amounts = [f32; 4];

impl Sums {
    /// What was used between an earlier reading and this one, per second where it is a rate.
    /// Sums that fell are those of a node that came up anew.
    pub fn loads_since(&self, earlier: &Sums, elapsed_ms: u64) -> Amounts {
        let elapsed = elapsed_ms.max(1) as f32 / 1e3;
        let since = |now: u64, before: u64| now.checked_sub(before).unwrap_or(now) as f32;
        [
            since(self.cpu_us, earlier.cpu_us) / 1e3 / elapsed,
            self.memory_bytes as f32 / (1 << 20) as f32,
            since(self.network_bytes, earlier.network_bytes) * 8.0 / 1e3 / elapsed,
            since(self.io, earlier.io) / elapsed,
        ]
    }

    /// What was added since an earlier reading, and what is held now. Sums that fell are those of a
    /// node that came up anew.
    pub fn since(&self, earlier: &Sums) -> Sums {
        let since = |now: u64, before: u64| now.checked_sub(before).unwrap_or(now);
        Sums {
            run_us: since(self.run_us, earlier.run_us),
            cpu_us: since(self.cpu_us, earlier.cpu_us),
            memory_bytes: self.memory_bytes,
            network_bytes: since(self.network_bytes, earlier.network_bytes),
            io: since(self.io, earlier.io),
            calls: since(self.calls, earlier.calls),
            failed: since(self.failed, earlier.failed),
        }
    }

    /// Both together.
    #[must_use]
    pub fn plus(&self, other: &Sums) -> Sums {
        Sums {
            run_us: self.run_us.saturating_add(other.run_us),
            cpu_us: self.cpu_us.saturating_add(other.cpu_us),
            memory_bytes: self.memory_bytes.saturating_add(other.memory_bytes),
            network_bytes: self.network_bytes.saturating_add(other.network_bytes),
            io: self.io.saturating_add(other.io),
            calls: self.calls.saturating_add(other.calls),
            failed: self.failed.saturating_add(other.failed),
        }
    }

    /// The share of calls that failed since an earlier reading; nothing if there were none.
    pub fn failures_since(&self, earlier: &Sums) -> Option<f32> {
        let since = |now: u64, before: u64| now.checked_sub(before).unwrap_or(now);
        let calls = since(self.calls, earlier.calls);
        (calls > 0).then(|| since(self.failed, earlier.failed) as f32 / calls as f32)
    }
}

impl Reading {
    /// What no workload of a site accounts for since an earlier reading, where `workloads` is what
    /// they took: by another measure of the whole where there is one.
    pub fn rest_since(&self, before: &Reading, elapsed_ms: u64, workloads: Amounts) -> Amounts {
        let counted = self.rest.loads_since(&before.rest, elapsed_ms);
        std::array::from_fn(|metric| match self.measured[metric] {
            Some(measured) => (measured as f32 - workloads[metric]).max(0.0),
            None => counted[metric],
        })
    }
}

/// Both together.
pub fn plus(one: Amounts, other: Amounts) -> Amounts {
    std::array::from_fn(|metric| one[metric] + other[metric])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loads_are_differences_over_time() {
        let before = Sums { cpu_us: 1_000_000, network_bytes: 500, ..Sums::default() };
        let after = Sums {
            cpu_us: 2_000_000,
            run_us: 9_000_000,
            network_bytes: 2_500,
            memory_bytes: 64 << 20,
            io: 8,
            calls: 10,
            failed: 1,
        };
        assert_eq!(after.loads_since(&before, 2_000), [500.0, 64.0, 8.0, 4.0]);
        let restarted = Sums { cpu_us: 100_000, ..Sums::default() };
        assert_eq!(restarted.loads_since(&after, 1_000)[0], 100.0, "it came up anew");
        assert_eq!(after.failures_since(&before), Some(0.1));
        assert_eq!(after.failures_since(&after), None);
    }

    #[test]
    fn the_rest_is_what_was_counted_of_it_or_what_workloads_leave_of_the_whole() {
        let of = |io: u64, measured| {
            let rest = Sums { io, ..Sums::default() };
            Reading { rest, measured, ..Reading::default() }
        };
        let (none, io) = ([None; 4], |whole| [None, None, None, Some(whole)]);
        let taken = [0.0, 0.0, 0.0, 40.0];
        for (now, expected) in [
            (of(1_200, none), 100.0),
            (of(1_000, none), 0.0),
            (of(1_200, io(70)), 30.0),
            (of(1_200, io(7)), 0.0),
        ] {
            let rest = now.rest_since(&of(1_000, none), 2_000, taken);
            assert_eq!(rest, [0.0, 0.0, 0.0, expected]);
        }
    }
}
