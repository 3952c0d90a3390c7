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
    /// Who may still act as if it had authority, if anybody may.
    pub former: Option<Former>,
}

/// Who had authority before, and may not know yet that it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Former {
    /// Which site.
    pub site: SiteId,
    /// Until when it may act.
    pub until: Instant,
    /// Whether its word is enough: not where one before it may act as well.
    pub can_cede: bool,
    /// It renewed after the last tick, so its lease runs from the next.
    pub has_renewed: bool,
}
