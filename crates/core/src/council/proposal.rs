//! A resource proposal: which workloads should go where, until when, why, and how one will
//! know whether it helped.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::council::words::{Epoch, Metric, Slot, WorkloadId};
use crate::ids::SiteId;
use crate::time::Instant;

/// The most workloads of one proposal.
pub const WORKLOADS_MAX: usize = 16;

/// The most conditions of one criterion.
pub const CONDITIONS_MAX: usize = 8;

/// The longest check of a move, in slots.
pub const WINDOW_MAX: u64 = 288;

/// What a site files. All of it is voted on together, so what follows by itself, such as
/// taking the move back, needs no second vote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filing {
    /// What moves, each with the epoch of the authority that the proposal was built on.
    pub workloads: BTreeMap<WorkloadId, Epoch>,
    /// Where it is.
    pub source: SiteId,
    /// Where it should go.
    pub destination: SiteId,
    /// When the decision must have fallen. Of a move away from an overload that is before its slot by
    /// as long as moves take, see [`crate::council::arrival`].
    pub deadline: Instant,
    /// Why.
    pub cause: Cause,
    /// When it will have helped.
    pub criterion: Criterion,
    /// What happens if it did not.
    pub rollback: Rollback,
}

/// Why a move is proposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// The proposer's committed forecast says that the source will be overloaded.
    Overload {
        /// In what.
        metric: Metric,
        /// When.
        slot: Slot,
    },
    /// Somebody wants the source empty, or the workload back.
    Order,
    /// The source does not answer, and its leases have run out.
    SourceLost,
    /// Somebody wants it moved, whether or not the same move was taken back before or the
    /// workload has just moved: who asks knows that what was in its way is gone.
    OrderedAgain,
    /// The source fails again and again, and is there still.
    SourceFailing {
        /// The chance that it fails in the next slot, by the proposer, in parts per million.
        chance_ppm: u32,
    },
    /// The source has announced that it will be down for maintenance.
    Maintenance {
        /// From when.
        slot: Slot,
    },
}

impl Cause {
    /// The class of forecasts that weighs the votes.
    pub fn metric(self) -> Metric {
        match self {
            Cause::Overload { metric, .. } => metric,
            _ => Metric::Cpu,
        }
    }

    /// Whether somebody ordered it.
    pub fn is_order(self) -> bool {
        matches!(self, Cause::Order | Cause::OrderedAgain)
    }
}

/// When a move will have helped: every condition holds over the window that begins when the
/// traffic has moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Criterion {
    /// What must hold.
    pub conditions: Vec<Condition>,
    /// Length of the window in slots.
    pub window_slots: u64,
    /// So many agreed observations are needed for each condition.
    pub samples_min: u32,
}

/// The mean utilisation of a site stays at or below a bar. Of the destination, it has room; of the
/// source, it was relieved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// Whose.
    pub site: SiteId,
    /// In what.
    pub metric: Metric,
    /// The bar.
    pub at_most_ppm: u32,
}

/// What happens to a move that did not help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rollback {
    /// It is taken back, as long as the source has room.
    ToSource,
    /// The workload stays where it is.
    Stay,
}

/// Why a move that was under way did not end well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Trouble {
    /// It could not be started at the destination.
    NotStarted,
    /// It did not prove healthy.
    NotHealthy,
    /// Traffic could not be shifted.
    NotShifted,
    /// The source could not be drained.
    NotDrained,
    /// A step took too long.
    TookTooLong,
    /// The check failed: it did not help.
    DidNotHelp,
    /// The check could not be made: too few agreed observations.
    NotShown,
    /// A party asked for an end.
    Ordered,
    /// What should be taken back no longer fits at the source.
    SourceFull,
    /// Taking it back took too long; both sites still run it.
    NotReturned,
    /// While it was looked whether it helps, far more calls failed than before.
    FailsMore,
    /// Meanwhile, calls took far longer than before.
    Slower,
    /// The source was gone.
    SourceGone,
}

/// How a proposal ended. Every one ends in exactly one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Outcome {
    /// Too much weight said no.
    Rejected,
    /// The deadline passed first.
    Expired,
    /// The proposer took it back.
    Withdrawn,
    /// When it was approved, a workload had another authority than it was built on or was moving
    /// already, or another move relieved the source.
    Superseded,
    /// When it was approved, the destination no longer had room.
    NoRoom,
    /// It gave way to proposals of higher priority.
    Displaced,
    /// It was approved in shadow mode: nothing moved.
    Shadow,
    /// It was done, and the check passed.
    Done,
    /// It was taken back.
    RolledBack(Trouble),
    /// It stays as it was left, for this reason.
    Failed(Trouble),
}
