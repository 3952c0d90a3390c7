//! A workload as the council knows it: what it takes, and who has authority over it.

use serde::{Deserialize, Serialize};

use crate::council::words::{Criticality, Epoch, Loads, Mode};
use crate::ids::SiteId;
use crate::time::Instant;

/// The most workloads.
pub const WORKLOADS_MAX: usize = 10_000;

/// A workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workload {
    /// How much it matters.
    pub criticality: Criticality,
    /// What it takes.
    pub demand: Loads,
    /// Whether it moves, if it has a mode of its own.
    pub mode: Option<Mode>,
    /// Who has authority over it.
    pub authority: Authority,
    /// It does not move again before.
    pub rests_until: Instant,
}

/// Authority over a workload. Invariant: an epoch has one holder for ever, and the epochs of
/// a workload only grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authority {
    /// Who acts.
    pub holder: SiteId,
    /// Under which epoch.
    pub epoch: Epoch,
    /// Until when nobody takes over, however silent the holder. It only keeps others
    /// waiting; what fences is the epoch.
    pub lease_until: Instant,
}
