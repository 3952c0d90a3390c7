//! One read: what it is after, and whom it is waiting for.

use crate::cachegroup::action::Wish;
use crate::cachegroup::message::Standing;
use crate::cachegroup::names::{GroupId, NodeId, Sequence};
use crate::cachegroup::session::Revision;
use crate::cachegroup::timing::Timing;
use crate::time::{Instant, Span};

/// What is known of the version a read is after.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Target {
    pub(crate) revision: Revision,
    pub(crate) committed: Option<Sequence>,
    pub(crate) validated: Sequence,
}

/// Whom bytes come from, other than by asking the data store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// This member, who is to be asked.
    Member(NodeId),
    /// This member, whom the leader has told to send them.
    Forwarded(NodeId),
    /// The data store, whom the leader has asked.
    Relayed,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    /// The leader was asked.
    Asking,
    /// Locked, or nobody could be reached: asks anew when due.
    Waiting,
    /// Somebody was asked for the bytes.
    Pulling { target: Target, source: Source },
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

impl Source {
    /// How long one waits for them.
    pub(crate) fn patience(self, timing: &Timing) -> Span {
        match self {
            Source::Member(_) | Source::Forwarded(_) => timing.member_timeout,
            Source::Relayed => timing.store_timeout,
        }
    }

    /// The member that should have them.
    pub fn holder(self) -> Option<NodeId> {
        match self {
            Source::Member(holder) | Source::Forwarded(holder) => Some(holder),
            Source::Relayed => None,
        }
    }
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
