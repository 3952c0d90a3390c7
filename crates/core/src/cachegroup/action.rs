//! What a node of cache groups is told, and what it wants done.

use crate::cachegroup::change::Unchanged;
use crate::cachegroup::level::{Acknowledgement, ReadLevel};
use crate::cachegroup::message::{Envelope, PendingCopy};
use crate::cachegroup::names::{ContentId, Epoch, GroupId, NodeId, Payload, Sequence, Version};
use crate::cachegroup::popular::Asked;
use crate::cachegroup::session::{Revision, Session};
use crate::cachegroup::store_message::{StoreReply, StoreRequest};
use crate::cachegroup::voters::Voters;
use crate::ids::RequestId;
use crate::time::Span;

/// What a caller wants to read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Wish {
    /// Which content.
    pub content: ContentId,
    /// The group of its workload. Where the content is known to have moved, the node asks there.
    pub group: GroupId,
    /// How fresh.
    pub level: ReadLevel,
    /// What the caller has seen.
    pub session: Session,
    /// How long the caller waits.
    pub within: Span,
}

/// What a node is told.
#[expect(missing_docs, reason = "fields are words of `names`; the variant says what for")]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Input {
    /// A caller wants to read.
    Read { request: RequestId, wish: Wish },
    /// A caller wants to write, and first the version to make the new one from.
    Lock { request: RequestId, content: ContentId, group: GroupId, within: Span },
    /// The caller that was granted the lock has made the new version (`None`: deletes the
    /// content). Its bytes are with whoever carries out the actions, under the token, until they
    /// are to be installed or dropped. A caller that was granted nothing is answered with a
    /// conflict.
    Publish {
        request: RequestId,
        payload: Option<Payload>,
        session: Session,
        acknowledgement: Acknowledgement,
        within: Span,
    },
    /// The caller writes nothing.
    Abandon { request: RequestId },
    /// Gives a content to another group: whoever leads its group is asked, if that is known.
    Move { content: ContentId, from: GroupId, to: GroupId },
    /// Somebody wants others to vote in a group, in place of the list of that number.
    Change { request: RequestId, group: GroupId, after: u64, names: Vec<NodeId> },
    /// A message arrived.
    Received(Envelope),
    /// The data store answered.
    Stored(StoreReply),
    /// What does the group ask for most? Whoever leads it is asked, if that is known.
    Suggest { group: GroupId, most: u16 },
    /// A copy had to make room.
    Evicted { content: ContentId, version: Version },
}

/// Where a read was answered from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// This node's copy.
    Local,
    /// Another member's copy.
    Group,
    /// The data store.
    Store,
}

/// What a caller is answered.
#[expect(missing_docs, reason = "fields are words of `names`; the variant says what for")]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// This is the content, and its bytes are here (unless it is deleted or never was). The
    /// session is to take it up, by [`Session::saw`].
    Read {
        group: GroupId,
        revision: Revision,
        committed: Option<Sequence>,
        origin: Origin,
        /// It was valid so long ago, at most; nothing for what the data store said just now.
        age: Span,
        /// It waits for the data store, and only its writer may see it.
        is_pending: bool,
    },
    /// The lock is the caller's. The new version is made from this one.
    Granted { group: GroupId, token: Version, base: Revision },
    /// The version is as safe as was asked for. The session is to take it up.
    Written {
        group: GroupId,
        revision: Revision,
        committed: Option<Sequence>,
        acknowledged: Acknowledgement,
    },
    /// Others wrote meanwhile; nothing was written.
    Conflict,
    /// Somebody was writing all the time the caller waited. Nothing was written.
    Busy,
    /// Neither group nor data store answered while the caller waited. Nothing was written.
    Unavailable,
    /// The data store was told and has not answered: the version may or may not become the
    /// newest.
    Undecided { token: Version },
    /// These vote now.
    Changed(Voters),
    /// The voters stay as they are.
    Unchanged(Unchanged),
}

impl Outcome {
    /// A version that waits for the data store, for who wrote it.
    pub fn pending(group: GroupId, revision: &Revision) -> Outcome {
        let (revision, committed, origin) = (revision.clone(), None, Origin::Local);
        Outcome::Read { group, revision, committed, origin, age: Span::ZERO, is_pending: true }
    }
}

/// What a node wants done, in this order.
#[expect(missing_docs, reason = "fields are words of `names`; the variant says what for")]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Action {
    /// Send a message, with the bytes that belong to it.
    Send(Envelope),
    /// Ask the data store.
    Store(StoreRequest),
    /// Answer a caller.
    Answer { request: RequestId, outcome: Outcome },
    /// Keep these bytes, which came last for this version, until told to drop them.
    Install { content: ContentId, version: Version },
    /// These bytes are of no use any more.
    Drop { content: ContentId, version: Version },
    /// Write to disk, bytes included, before the next action: it outlives a restart. The bytes
    /// came with the message, or are those of the caller that made the version.
    KeepPending { copy: PendingCopy },
    /// Needs no keeping any more.
    ForgetPending { content: ContentId, token: Version },
    /// Write to disk before the next action: no older reign is supported any more.
    KeepSupport { group: GroupId, support: Support },
    /// The leader said what the group asks for most, of so many questions in all.
    Suggested { group: GroupId, asked: Vec<Asked>, total: u64 },
    /// For the record: a pending version was decided.
    Settled { content: ContentId, token: Version, is_committed: bool },
}

/// Whom a voter supported last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Support {
    /// In which reign; the first has the number 1.
    pub epoch: Epoch,
    /// Whose it is; nobody's if the voter never supported any.
    pub whom: Option<NodeId>,
}

/// What outlives a restart.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Memory {
    /// Counts the starts of the node.
    pub incarnation: u64,
    /// Pending versions.
    pub pending: Vec<PendingCopy>,
    /// The newest reign supported, by group.
    pub supports: Vec<(GroupId, Support)>,
}

/// A group, as settings of a node have it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Charter {
    /// Which group.
    pub group: GroupId,
    /// Who may lead it and whose majority a leader needs, unless the data store names others.
    pub voters: Vec<NodeId>,
}
