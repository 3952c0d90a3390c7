//! One read: what it is after, and whom it is waiting for.

use crate::cachegroup::action::Wish;
use crate::cachegroup::message::Standing;
use crate::cachegroup::names::{GroupId, NodeId, Sequence};
use crate::cachegroup::session::Revision;
use crate::time::Instant;

/// What is known of the version a read is after.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Target {
    pub(crate) revision: Revision,
    pub(crate) committed: Option<Sequence>,
    pub(crate) validated: Sequence,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    /// The leader was asked.
    Asking,
    /// Locked, or nobody could be reached: asks anew when due.
    Waiting,
    /// A member was asked for the bytes.
    Pulling { target: Target, holder: NodeId },
    /// The data store was asked which version is the newest.
    Reading,
    /// The data store was asked for the bytes.
    Fetching { target: Target },
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Read {
    pub(crate) wish: Wish,
    pub(crate) group: GroupId,
    pub(crate) stage: Stage,
    pub(crate) due: Instant,
    /// When the read began: what it learns was true after that.
    pub(crate) began: Instant,
    pub(crate) deadline: Instant,
    /// It met a lock, and nothing else stood in its way.
    pub(crate) was_locked: bool,
    /// The data store could not be reached: waiting for the leader is all there is.
    pub(crate) is_store_down: bool,
}

impl From<&Standing> for Target {
    fn from(standing: &Standing) -> Self {
        let Standing { revision, committed, validated } = standing.clone();
        Target { revision, committed: Some(committed), validated }
    }
}

impl Read {
    /// One that has asked nobody yet.
    pub(crate) fn new(wish: Wish, group: GroupId, began: Instant) -> Self {
        let deadline = began + wish.within;
        let (stage, due) = (Stage::Waiting, began);
        let (was_locked, is_store_down) = (false, false);
        Self { wish, group, stage, due, began, deadline, was_locked, is_store_down }
    }
}
