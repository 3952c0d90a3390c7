//! The data store, as a table that answers requests.
//!
//! It is all there is to a data store of one process, of the simulator and of tests. Stores
//! made of objects keep the same rows and change them by the same functions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cachegroup::names::{ContentId, Digest, GroupId, Version};
use crate::cachegroup::rules::Rules;
use crate::cachegroup::store_message::{StoreReply, StoreRequest};
use crate::cachegroup::store_table::{ContentRow, GroupRow, Verdict};

/// Data store table: content, group (its leader's address is in the group's row), newest
/// version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct StoreTable {
    contents: BTreeMap<ContentId, ContentRow>,
    groups: BTreeMap<GroupId, GroupRow>,
    blobs: BTreeMap<(ContentId, Version), Digest>,
}

impl StoreTable {
    /// The row of a content; an empty one if there is none.
    pub fn content(&self, content: ContentId) -> ContentRow {
        self.contents.get(&content).cloned().unwrap_or_default()
    }

    /// The row of a group; an empty one if there is none.
    pub fn group(&self, group: GroupId) -> GroupRow {
        self.groups.get(&group).cloned().unwrap_or_default()
    }

    /// What the bytes of a version are, if they are kept.
    pub fn blob(&self, content: ContentId, version: Version) -> Option<Digest> {
        self.blobs.get(&(content, version)).copied()
    }

    /// Carries out a request.
    pub fn apply(&mut self, request: StoreRequest, rules: &impl Rules) -> StoreReply {
        match request {
            StoreRequest::Read { ticket, content, group } => {
                let row = self.content(content);
                let of = row.group.unwrap_or(group);
                StoreReply::Rows { ticket, content, row, of, group: self.group(of) }
            }
            StoreRequest::Newest { ticket, content, group, have } => {
                let row = self.content(content);
                let (of, version) = (row.group.unwrap_or(group), row.revision.version);
                let wanted = have != Some(version);
                let digest = self.blob(content, version).filter(|_| wanted);
                StoreReply::Newest { ticket, content, row, of, group: self.group(of), digest }
            }
            StoreRequest::Fetch { ticket, content, version } => match self.blob(content, version) {
                Some(digest) => StoreReply::Fetched { ticket, content, version, digest },
                None => StoreReply::NotFound { ticket, content, version },
            },
            StoreRequest::Upload { content, revision } => {
                let version = revision.version;
                if let Some(payload) = revision.payload {
                    self.blobs.entry((content, version)).or_insert(payload.digest);
                }
                StoreReply::Uploaded { content, version }
            }
            StoreRequest::Commit { content, group, base, revision } => {
                let version = revision.version;
                let row = self.contents.entry(content).or_default();
                match row.commit(group, base, &revision, rules) {
                    Verdict::Accepted => StoreReply::Committed { content, version },
                    Verdict::Rejected => StoreReply::Rejected { content, version },
                    Verdict::Forgotten => StoreReply::Forgotten { content, version },
                }
            }
            StoreRequest::Seal { content, epoch, counter, creates: false, .. }
                if !self.contents.contains_key(&content) =>
            {
                StoreReply::Absent { content, epoch, counter }
            }
            StoreRequest::Seal { content, group, epoch, counter, .. } => {
                let row = self.contents.entry(content).or_default();
                let is_ours = row.seal(group, epoch, counter);
                match row.group {
                    Some(group) if !is_ours => StoreReply::Elsewhere { content, group },
                    _ => StoreReply::Sealed { content, epoch, counter, row: row.clone() },
                }
            }
            StoreRequest::Move { content, from, to, token, moved } => {
                let row = self.contents.entry(content).or_default();
                row.give(from, to, token, &moved, rules);
                match row.group {
                    Some(group) if group != from => StoreReply::Elsewhere { content, group },
                    // Not as the mover knew it: another leader has been here.
                    _ => StoreReply::Rejected { content, version: token },
                }
            }
            StoreRequest::Look { group } => StoreReply::Group { group, row: self.group(group) },
            StoreRequest::Reseat { group, epoch, leader, next } => {
                let row = self.groups.entry(group).or_default();
                row.reseat(epoch, leader, &next);
                StoreReply::Group { group, row: row.clone() }
            }
            StoreRequest::FoundAnew { group, before, next } => {
                let row = self.groups.entry(group).or_default();
                row.found_anew(before, &next);
                StoreReply::Group { group, row: row.clone() }
            }
            StoreRequest::Claim { group, epoch, leader, electors } => {
                let row = self.groups.entry(group).or_default();
                if row.claim(epoch, leader, &electors, rules) {
                    StoreReply::Claimed { group, epoch, leader }
                } else {
                    StoreReply::Group { group, row: row.clone() }
                }
            }
        }
    }
}
