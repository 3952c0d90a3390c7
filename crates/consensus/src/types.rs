//! What openraft is told of our types, in one place.

use std::fmt;

use openraft::impls::leader_id_std::LeaderId;
use serde::{Deserialize, Serialize};
use swell_core::council::entry::Entry;
use swell_core::ids::SiteId;

openraft::declare_raft_types!(
    /// Entries of the council, one leader per term (Ongaro, dissertation, section 3.4).
    pub Types:
        D = Said,
        R = (),
        LeaderId = LeaderId<Self::Term, Self::NodeId>,
);

/// What a site said, as an entry of the log carries it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said(pub Entry);

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0.from.0, self.0.incarnation, self.0.sequence)
    }
}

/// An id of the log.
pub type LogId = openraft::type_config::alias::LogIdOf<Types>;
/// An entry of the log: what a site said, who the members are, or nothing.
pub type LogEntry = <Types as openraft::RaftTypeConfig>::Entry;
/// A vote, and whether a majority granted it.
pub type Vote = openraft::type_config::alias::VoteOf<Types>;
/// Members with the entry that made them.
pub type StoredMembers = openraft::type_config::alias::StoredMembershipOf<Types>;
/// What a snapshot stands for.
pub type SnapshotMeta = openraft::type_config::alias::SnapshotMetaOf<Types>;
/// A snapshot: the image of the council's state.
pub type Snapshot = openraft::type_config::alias::SnapshotOf<Types, Vec<u8>>;

/// The log's name of a site.
pub fn node(site: SiteId) -> u64 {
    u64::from(site.0)
}

/// The site of the log's name; `None` for a number that no site has.
pub fn site(node: u64) -> Option<SiteId> {
    u32::try_from(node).ok().map(SiteId)
}
