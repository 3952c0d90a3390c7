//! The words of the council: what is counted, what moves, and how much it matters.

use serde::{Deserialize, Serialize};

use crate::time::{Instant, Span};

/// A whole, in parts per million.
pub const WHOLE_PPM: u32 = 1_000_000;

/// The most a utilisation can be said to be: a hundred times of what there is.
pub const UTILISATION_MAX_PPM: u32 = 100 * WHOLE_PPM;

/// A workload: a class of functions that move together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WorkloadId(pub u32);

/// A proposal, by the index of the log entry that filed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ProposalId(pub u64);

/// Counts grants of authority over all workloads; the fencing token of what is done under one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Epoch(pub u64);

/// An interval of time: the n-th of the length that the rules give, from the zero of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Slot(pub u64);

impl Slot {
    /// The slot that holds `at`.
    pub fn of(at: Instant, length: Span) -> Self {
        Self(at.nanos() / length.nanos().max(1))
    }

    /// When it begins.
    pub fn begin(self, length: Span) -> Instant {
        Instant::ZERO + length * self.0
    }

    /// When it is over.
    pub fn end(self, length: Span) -> Instant {
        self.plus(1).begin(length)
    }

    /// The slot so many later.
    pub fn plus(self, slots: u64) -> Self {
        Self(self.0.saturating_add(slots))
    }

    /// The slot so many earlier; the first one if there is none.
    pub fn minus(self, slots: u64) -> Self {
        Self(self.0.saturating_sub(slots))
    }
}

/// What is measured of a site. Accuracy is kept apart for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Metric {
    /// Processor time.
    Cpu,
    /// Memory.
    Memory,
    /// Traffic of the network.
    Network,
    /// Traffic of the disks.
    Io,
}

impl Metric {
    /// All of them.
    pub const ALL: [Metric; 4] = [Metric::Cpu, Metric::Memory, Metric::Network, Metric::Io];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Metric::Cpu => "cpu",
            Metric::Memory => "memory",
            Metric::Network => "network",
            Metric::Io => "io",
        }
    }
}

/// An amount of each metric, in units that capacity and demand share: thousandths of a
/// processor, MiB, kbit/s, operations per second. Zero: none, or not limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Loads(pub [u64; 4]);

impl Loads {
    /// Only processor time.
    pub const fn cpu(amount: u64) -> Self {
        Self([amount, 0, 0, 0])
    }

    /// The amount of a metric.
    pub fn of(&self, metric: Metric) -> u64 {
        self.0[metric as usize]
    }

    /// Both together.
    #[must_use]
    pub fn plus(mut self, other: Loads) -> Self {
        for (amount, more) in self.0.iter_mut().zip(other.0) {
            *amount = amount.saturating_add(more);
        }
        self
    }

    /// What share of a capacity this is; nothing where that metric is not limited.
    pub fn share_ppm(&self, metric: Metric, capacity: &Loads) -> u32 {
        let (amount, limit) = (u128::from(self.of(metric)), u128::from(capacity.of(metric)));
        let share = (amount * u128::from(WHOLE_PPM)).checked_div(limit).unwrap_or(0);
        u32::try_from(share).unwrap_or(u32::MAX).min(UTILISATION_MAX_PPM)
    }
}

/// How much it matters that a workload is not hurt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Criticality {
    /// It may be late.
    Low,
    /// It should be served.
    Normal,
    /// It must be served.
    Critical,
}

impl Criticality {
    /// All of them, the least first.
    pub const ALL: [Criticality; 3] =
        [Criticality::Low, Criticality::Normal, Criticality::Critical];
}

/// Whether anything moves; the stricter is the lesser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Mode {
    /// Nothing is proposed.
    Off,
    /// Proposals are voted on, and what is approved is written down and not done.
    Shadow,
    /// What is approved is done.
    On,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_tile_time() {
        let length = Span::from_mins(5);
        for (seconds, slot) in [(0, 0), (299, 0), (300, 1), (3_000, 10)] {
            let at = Instant::from_millis(seconds * 1_000);
            assert_eq!(Slot::of(at, length), Slot(slot));
            assert!(Slot(slot).begin(length) <= at && at < Slot(slot).end(length));
        }
        assert_eq!(Slot(u64::MAX).plus(1), Slot(u64::MAX));
        assert_eq!(Slot(u64::MAX).end(length), Instant::NEVER);
    }

    #[test]
    fn shares_saturate() {
        let capacity = Loads([4_000, 0, 0, 1]);
        for (loads, metric, expected) in [
            (Loads::cpu(1_000), Metric::Cpu, 250_000),
            (Loads([0, 9, 0, 0]), Metric::Memory, 0),
            (Loads([u64::MAX; 4]), Metric::Io, UTILISATION_MAX_PPM),
        ] {
            assert_eq!(loads.share_ppm(metric, &capacity), expected);
        }
    }
}
