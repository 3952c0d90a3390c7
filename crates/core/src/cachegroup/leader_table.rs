//! The group leader table: the state of each content of the group, and who may have it.
//!
//! It is a cache of the data store's truth and starts empty in each reign.

use std::collections::BTreeMap;

use crate::cachegroup::desk::Distances;
use crate::cachegroup::names::{ContentId, GroupId, NodeId, Sequence, Ticket, Version};
use crate::cachegroup::session::Revision;
use crate::time::Instant;

/// So many members are remembered per content.
pub const HOLDERS_MAX: usize = 16;

/// A version, and when the group learned of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Known {
    /// The version.
    pub revision: Revision,
    /// When.
    pub committed: Sequence,
    /// How often the content has changed its group, which its newest version may predate.
    pub tenure: u32,
}

/// How a content stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum LeaderTag {
    /// This reign has not looked at the data store yet.
    #[default]
    Unknown,
    /// Nobody writes it, and this is the newest version.
    Free(Known),
    /// A member may be writing it.
    Lock {
        /// Its token.
        token: Version,
        /// Who it is.
        holder: NodeId,
        /// Which operation asked.
        ticket: Ticket,
        /// What the new version is made from.
        base: Known,
        /// When the lock is broken, unless it is renewed.
        deadline: Instant,
    },
    /// A version of an earlier reign may be waiting for the data store with members.
    Adopted {
        /// Its token.
        token: Version,
        /// When it is given up, unless it is renewed.
        deadline: Instant,
    },
    /// The fence is being raised; what is newest will be known after.
    Sealing {
        /// Which fence was asked for.
        counter: u64,
        /// What was newest before.
        before: Option<Known>,
        /// Nobody was told anything of the content in this reign.
        is_first: bool,
        /// A content that nobody ever had to do with gets a row by it.
        creates: bool,
        /// When to ask again.
        due: Instant,
    },
    /// The content is being given to another group.
    Moving {
        /// To which.
        to: GroupId,
        /// Under which token.
        token: Version,
        /// What is given.
        known: Known,
        /// When to ask the data store again.
        due: Instant,
    },
    /// Another group has it, as far as is known.
    Elsewhere {
        /// Which.
        group: GroupId,
        /// Until when that is believed.
        until: Instant,
    },
}

/// A row: content, resource addresses, tag, timestamp.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LeaderRow {
    /// How it stands. The timestamp is in it, where there is one.
    pub tag: LeaderTag,
    /// Which members may have which version. These are hints: a wrong one costs a round trip,
    /// never a wrong result.
    pub holders: BTreeMap<NodeId, Version>,
    /// Whose lock was freed last, so that its request, coming once more, does not lock anew.
    pub served: Option<(NodeId, Ticket)>,
    /// Nobody has asked since it was last looked at whether the row may be forgotten.
    pub is_idle: bool,
    /// Counts the times a member was pointed to, to take turns.
    pub turns: u64,
}

/// Group leader table.
pub type LeaderTable = BTreeMap<ContentId, LeaderRow>;

impl LeaderRow {
    /// Takes up what a member says it has.
    pub fn hint(&mut self, member: NodeId, version: Option<Version>) {
        match version {
            Some(version) => self.holders.insert(member, version),
            None => self.holders.remove(&member),
        };
        if self.holders.len() > HOLDERS_MAX {
            let oldest = self.holders.iter().filter(|&(&holder, _)| holder != member);
            let oldest = oldest.min_by_key(|&(&holder, &version)| (version, holder));
            let (&oldest, _) = oldest.expect("there are more than one");
            self.holders.remove(&oldest);
        }
    }

    /// Members that may have the newest version, if nobody is writing it.
    pub fn newest_holders(&self) -> impl Iterator<Item = NodeId> {
        let newest = match &self.tag {
            LeaderTag::Free(known) => Some(known.revision.version),
            _ => None,
        };
        let holders = self.holders.iter().filter(move |(_, held)| Some(**held) == newest);
        holders.map(|(&holder, _)| holder)
    }

    /// A member to fetch the version from, other than `asking`: one of the nearest. Those that
    /// are as near take turns.
    pub fn holder(
        &mut self,
        version: Version,
        asking: NodeId,
        distances: &Distances,
    ) -> Option<NodeId> {
        let far = |holder: &NodeId| distances.get(holder).copied().unwrap_or_default();
        let others = self.holders.iter().filter(|&(&holder, _)| holder != asking);
        let all = others.filter(|&(_, &held)| held == version).map(|(holder, _)| far(holder));
        let nearest = all.min()?;
        let having = |&(holder, &held): &(&NodeId, &Version)| {
            held == version && *holder != asking && far(holder) == nearest
        };
        let count = self.holders.iter().filter(having).count() as u64;
        if count == 0 {
            return None;
        }
        let turn = (self.turns % count) as usize;
        self.turns = (self.turns + 1) % count;
        self.holders.iter().filter(having).nth(turn).map(|(&holder, _)| holder)
    }
}

impl LeaderTag {
    /// When the state ends by time; never for one that does not.
    pub fn due(&self) -> Instant {
        match *self {
            LeaderTag::Lock { deadline, .. } | LeaderTag::Adopted { deadline, .. } => deadline,
            LeaderTag::Sealing { due, .. } | LeaderTag::Moving { due, .. } => due,
            LeaderTag::Elsewhere { until, .. } => until,
            LeaderTag::Unknown | LeaderTag::Free(_) => Instant::NEVER,
        }
    }

    /// The tag as the deck writes it: only `Free` and `Lock` are seen from outside.
    pub fn word(&self) -> &'static str {
        match self {
            LeaderTag::Free(_) => "Free",
            LeaderTag::Unknown => "Unknown",
            LeaderTag::Elsewhere { .. } => "Moved",
            _ => "Lock",
        }
    }
}
