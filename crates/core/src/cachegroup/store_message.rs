//! What nodes ask of the data store, and what it answers.

use serde::{Deserialize, Serialize};

use crate::cachegroup::names::{ContentId, Digest, Epoch, GroupId, NodeId, Ticket, Version};
use crate::cachegroup::session::Revision;
use crate::cachegroup::store_table::{ContentRow, GroupRow};
use crate::cachegroup::voters::Voters;

/// One request. Each is carried out at once or not at all, and may be repeated.
#[expect(missing_docs, reason = "fields are words of `names`; the variant says what for")]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum StoreRequest {
    /// The rows of a content and of its group.
    Read { ticket: Ticket, content: ContentId, group: GroupId },
    /// The same with the bytes of the newest version, if it is another than the asker has: one
    /// way instead of two, where the data store can.
    Newest { ticket: Ticket, content: ContentId, group: GroupId, have: Option<Version> },
    /// The bytes of a version.
    Fetch { ticket: Ticket, content: ContentId, version: Version },
    /// Keeps the bytes of a version, under a name that is written once.
    Upload { content: ContentId, revision: Revision },
    /// Makes a version the newest (R3).
    Commit { content: ContentId, group: GroupId, base: Version, revision: Revision },
    /// Raises the fence, so that no older token commits any more (R5). Where nobody ever had to
    /// do with the content, a row is made only if `creates` says so: reading unknown names
    /// leaves nothing behind.
    Seal { content: ContentId, group: GroupId, epoch: Epoch, counter: u64, creates: bool },
    /// Gives a content to another group (R12). `past` leads readers out of the former.
    Move { content: ContentId, from: GroupId, to: GroupId, token: Version, moved: Revision },
    /// The row of a group.
    Look { group: GroupId },
    /// Begins a reign: from the epoch before it, by compare-and-set (R8), for who was elected by
    /// these.
    Claim { group: GroupId, epoch: Epoch, leader: NodeId, electors: Voters },
    /// Changes who votes: from the list before it, in this reign.
    Reseat { group: GroupId, epoch: Epoch, leader: NodeId, next: Voters },
    /// Gives the group to other voters, as those in office are lost.
    FoundAnew { group: GroupId, before: Epoch, next: Voters },
}

/// What came of a request.
#[expect(missing_docs, reason = "fields are words of `names`; the variant says what for")]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum StoreReply {
    /// The rows, as they are.
    Rows { ticket: Ticket, content: ContentId, row: ContentRow, of: GroupId, group: GroupRow },
    /// The rows, as they are, and the digest of the bytes of the newest version, if they came
    /// along.
    Newest {
        ticket: Ticket,
        content: ContentId,
        row: ContentRow,
        of: GroupId,
        group: GroupRow,
        digest: Option<Digest>,
    },
    /// The bytes are here, and have this digest.
    Fetched { ticket: Ticket, content: ContentId, version: Version, digest: Digest },
    /// There are no such bytes.
    NotFound { ticket: Ticket, content: ContentId, version: Version },
    /// The bytes are kept.
    Uploaded { content: ContentId, version: Version },
    /// The version is, or was, the newest.
    Committed { content: ContentId, version: Version },
    /// The version never was the newest and never will be.
    Rejected { content: ContentId, version: Version },
    /// So old a token that nobody remembers what came of it.
    Forgotten { content: ContentId, version: Version },
    /// The fence is there; the row tells how high it really is.
    Sealed { content: ContentId, epoch: Epoch, counter: u64, row: ContentRow },
    /// There is no row to raise the fence of, and none was to be made.
    Absent { content: ContentId, epoch: Epoch, counter: u64 },
    /// Another group has the content.
    Elsewhere { content: ContentId, group: GroupId },
    /// The row of a group.
    Group { group: GroupId, row: GroupRow },
    /// The reign has begun.
    Claimed { group: GroupId, epoch: Epoch, leader: NodeId },
    /// The data store could not be reached, or did not answer.
    Unavailable { request: Box<StoreRequest> },
}

/// What the data store said about a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreAnswer {
    /// Its bytes are kept.
    Uploaded,
    /// It is, or was, the newest.
    Committed,
    /// It never will be.
    Rejected,
    /// It is too long ago to tell.
    Forgotten,
    /// The data store could not be reached.
    Unavailable,
}

impl StoreAnswer {
    /// Which version a reply is about and what it says of it, if it is about one being written.
    pub fn of(reply: &StoreReply) -> Option<(ContentId, Version, StoreAnswer)> {
        match *reply {
            StoreReply::Uploaded { content, version } => Some((content, version, Self::Uploaded)),
            StoreReply::Committed { content, version } => Some((content, version, Self::Committed)),
            StoreReply::Rejected { content, version } => Some((content, version, Self::Rejected)),
            StoreReply::Forgotten { content, version } => Some((content, version, Self::Forgotten)),
            StoreReply::Unavailable { ref request } => match **request {
                StoreRequest::Upload { content, ref revision }
                | StoreRequest::Commit { content, ref revision, .. } => {
                    Some((content, revision.version, Self::Unavailable))
                }
                _ => None,
            },
            _ => None,
        }
    }
}
