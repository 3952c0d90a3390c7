//! What nodes say to each other.
//!
//! Every message may be lost, repeated, delayed without bound and overtaken: each is understood
//! by itself. Bytes travel beside [`Message::Data`] and [`Message::Copy`] in the hands of whoever
//! carries them; the digest in `Data` is what the receiver made of them.

use serde::{Deserialize, Serialize};

use crate::cachegroup::change::Unchanged;
use crate::cachegroup::names::{
    ContentId, Digest, Epoch, GroupId, NodeId, Sequence, Ticket, Version,
};
use crate::cachegroup::popular::Asked;
use crate::cachegroup::session::Revision;
use crate::cachegroup::voters::Voters;
use crate::time::{Instant, Span};

/// A message on its way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Envelope {
    /// Who sent it.
    pub from: NodeId,
    /// Whom it is for.
    pub to: NodeId,
    /// The group it is about.
    pub group: GroupId,
    /// The message.
    pub message: Message,
}

/// What a leader knows of a content that nobody is writing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Standing {
    /// The newest version.
    pub revision: Revision,
    /// When the group learned of it.
    pub committed: Sequence,
    /// When this was said: a copy of this version is valid at that moment.
    pub validated: Sequence,
}

/// A version that waits for the data store, as its holders keep it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PendingCopy {
    /// The group whose leader gave out the token.
    pub group: GroupId,
    /// Of which content.
    pub content: ContentId,
    /// The version it was made from.
    pub base: Version,
    /// What it will be. Its version is the token.
    pub revision: Revision,
}

/// What nodes say to each other.
#[expect(missing_docs, reason = "fields are words of `names`; the variant says what for")]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Message {
    /// To the leader: what is newest, and who has it?
    Ask { ticket: Ticket, content: ContentId, have: Option<Version> },
    /// The copy you have is the newest.
    Fresh { ticket: Ticket, content: ContentId, standing: Standing },
    /// This member has it.
    GoTo { ticket: Ticket, content: ContentId, holder: NodeId, standing: Standing },
    /// The data store has it.
    Store { ticket: Ticket, content: ContentId, standing: Standing },
    /// Somebody may be writing it, under this token if one is known; ask again later.
    Locked {
        ticket: Ticket,
        content: ContentId,
        holder: Option<NodeId>,
        token: Option<Version>,
        retry: Span,
    },
    /// Another node leads, as far as is known.
    NotLeader { ticket: Ticket, content: ContentId, epoch: Epoch, leader: Option<NodeId> },
    /// Another group has the content.
    Moved { ticket: Ticket, content: ContentId, group: GroupId },
    /// To the leader: this member did not have what you said.
    Missing { content: ContentId, version: Version, holder: NodeId },

    /// To a member: give me this version.
    Pull { ticket: Ticket, content: ContentId, version: Version },
    /// Here it is.
    Data { ticket: Ticket, content: ContentId, version: Version, digest: Digest },
    /// I do not have it.
    Gone { ticket: Ticket, content: ContentId, version: Version },

    /// To the leader: I want to write.
    Lock { ticket: Ticket, content: ContentId },
    /// You may, from this version, which is the newest at this moment; for so long.
    Grant {
        ticket: Ticket,
        content: ContentId,
        token: Version,
        base: Revision,
        validated: Sequence,
        lasts: Span,
    },
    /// To the leader: whoever writes under this token is still at it.
    Renew { content: ContentId, token: Version },
    /// To the leader: this version is committed.
    Free { ticket: Ticket, content: ContentId, revision: Revision },
    /// The group knows, since this moment or one before; `is_newest` if nothing came after it.
    Acknowledged {
        ticket: Ticket,
        content: ContentId,
        version: Version,
        committed: Sequence,
        is_newest: bool,
    },
    /// To the leader: nothing will come of this token. `was_sent` if a commit was sent under it
    /// and refused, so that something else than the leader knows must have happened.
    Abort { content: ContentId, token: Version, was_sent: bool },

    /// To a voter: keep this until the data store has it.
    Copy { copy: PendingCopy },
    /// I do. The leader that gave out the token says who votes, and while this changes, who will:
    /// until the version is decided, nobody else does.
    Copied { content: ContentId, token: Version, voters: Vec<Voters> },

    /// To a voter: do you support this leader? `leads` if it is one, else it wants to be. These
    /// vote; who is asked may be about to.
    Lease { epoch: Epoch, incarnation: u64, sent: Instant, leads: bool, voters: Voters },
    /// I do, and these versions are waiting here for the data store.
    Promise { epoch: Epoch, incarnation: u64, sent: Instant, pending: Vec<PendingCopy> },
    /// I do not; this is the latest reign I know of.
    Refusal { epoch: Epoch, latest: Epoch },

    /// To the leader: make these the voters, after the list of that number.
    Change { ticket: Ticket, after: u64, names: Vec<NodeId> },
    /// These vote now.
    Changed { ticket: Ticket, voters: Voters },
    /// The voters stay as they are.
    Unchanged { ticket: Ticket, why: Unchanged },

    /// It is on its way to you: this member was told to send it, or the data store was asked.
    Coming { ticket: Ticket, content: ContentId, holder: Option<NodeId>, standing: Standing },
    /// From the leader to a member: give this version to another, who asked for it.
    Forward { ticket: Ticket, content: ContentId, version: Version, to: NodeId },

    /// To the leader: what is asked for most? So many contents at most.
    Which { most: u16 },
    /// These, of so many questions in all.
    Popular { asked: Vec<Asked>, total: u64 },

    /// To the leader: give this content to another group.
    Give { content: ContentId, to: GroupId },
    /// To a voter: somebody has to do with the group and knows of no leader.
    Convene,
}

impl Message {
    /// The operation that an answer belongs to.
    pub fn ticket(&self) -> Option<Ticket> {
        match *self {
            Message::Fresh { ticket, .. }
            | Message::GoTo { ticket, .. }
            | Message::Store { ticket, .. }
            | Message::Coming { ticket, .. }
            | Message::Locked { ticket, .. }
            | Message::NotLeader { ticket, .. }
            | Message::Moved { ticket, .. }
            | Message::Data { ticket, .. }
            | Message::Gone { ticket, .. }
            | Message::Changed { ticket, .. }
            | Message::Unchanged { ticket, .. }
            | Message::Grant { ticket, .. }
            | Message::Acknowledged { ticket, .. } => Some(ticket),
            _ => None,
        }
    }
}
