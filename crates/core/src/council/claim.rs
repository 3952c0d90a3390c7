//! What a site claims that its workloads took, and what gateways of others saw of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::council::words::{Metric, WorkloadId};
use crate::ids::SiteId;

/// Calls that were passed on and answered, as sums that only grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Passed {
    /// How many.
    pub calls: u64,
    /// How long it took until they were answered, in microseconds.
    pub wait_us: u64,
    /// Bytes of their requests and answers, as far as lengths were told.
    #[serde(default)]
    pub bytes: u64,
}

impl Passed {
    /// What came since an earlier reading. Sums that fell are those of a node that came up anew.
    pub fn since(self, earlier: Self) -> Self {
        match self.calls.checked_sub(earlier.calls) {
            Some(calls) => Self {
                calls,
                wait_us: self.wait_us.saturating_sub(earlier.wait_us),
                bytes: self.bytes.saturating_sub(earlier.bytes),
            },
            None => self,
        }
    }

    /// Both together.
    pub fn plus(self, other: Self) -> Self {
        Self {
            calls: self.calls.saturating_add(other.calls),
            wait_us: self.wait_us.saturating_add(other.wait_us),
            bytes: self.bytes.saturating_add(other.bytes),
        }
    }
}

/// What a site claims of a workload in a slot, or what is believed instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Claim {
    /// Calls.
    pub calls: u64,
    /// Processor time that they took, in microseconds.
    pub cpu_us: u64,
    /// Memory that is held for them, in bytes.
    pub memory_bytes: u64,
    /// Bytes of requests and answers.
    pub network_bytes: u64,
    /// Operations on disks.
    pub io: u64,
}

impl Claim {
    /// Of a metric, in the units above.
    pub fn of(&self, metric: Metric) -> u64 {
        match metric {
            Metric::Cpu => self.cpu_us,
            Metric::Memory => self.memory_bytes,
            Metric::Network => self.network_bytes,
            Metric::Io => self.io,
        }
    }
}

/// Calls to a workload at a site, by who saw them.
pub type Seen = BTreeMap<(SiteId, WorkloadId), Passed>;
