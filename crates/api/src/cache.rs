//! Cache groups, as a node sees them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The contents of a node and the groups it is in.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct CacheState {
    /// What the node is called.
    pub name: String,
    /// Where the data store is.
    pub store: String,
    /// What is wrong with it, if it cannot be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// All nodes that share contents.
    pub members: Vec<String>,
    /// The groups that it, or a node it hears of, is in.
    pub groups: Vec<CacheGroup>,
    /// What it counted since it came up.
    pub counts: CacheCounts,
    /// What came of fetching ahead.
    #[serde(default)]
    pub prefetch: CachePrefetch,
}

/// What came of fetching contents before anybody asks, since the node came up.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct CachePrefetch {
    /// Which layers are on, as `p0+p1+p2`, or `off`.
    pub layers: String,
    /// Fetches begun.
    pub begun: u64,
    /// Copies that were read before they went.
    pub useful: u64,
    /// Copies that were still on their way when they were wanted.
    pub late: u64,
    /// Copies that went unread.
    pub wasted: u64,
    /// Bytes of these.
    pub wasted_bytes: u64,
    /// Fetches that came to nothing, or brought what was there by then.
    pub idle: u64,
    /// What was foreseen and not fetched, for lack of room or of the link's share.
    pub refused: u64,
}

/// A cache group.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct CacheGroup {
    /// Its workload; nothing if nobody here has named it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload: Option<String>,
    /// Its number.
    pub group: u32,
    /// The latest reign that was heard of.
    pub epoch: u64,
    /// Who leads, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leader: Option<String>,
    /// Whether this node leads at this moment.
    pub leads: bool,
    /// Why this node is in it, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The nodes that are in it, as far as they told.
    pub members: Vec<String>,
    /// Who votes, in the order in which they would stand for election.
    pub voters: Vec<String>,
    /// Who would vote by the settings of this node, if that is not who does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_settings: Option<Vec<String>>,
    /// Copies of its contents here.
    pub copies: u64,
    /// Bytes of these copies.
    pub copy_bytes: u64,
    /// Contents that this node's reign has had to do with.
    pub led_contents: u64,
}

/// Who votes in a cache group, as the data store has it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct CacheVoters {
    /// The workload of the group.
    pub workload: String,
    /// Counts the lists that the group has had; 0 if nobody has led it yet.
    pub number: u64,
    /// Who votes, in the order in which they would stand for election.
    pub voters: Vec<String>,
    /// Who would vote by the settings of the node that was asked.
    pub by_settings: Vec<String>,
    /// The latest reign.
    pub epoch: u64,
    /// Whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leader: Option<String>,
}

/// Who is to vote in a cache group.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VotersChange {
    /// Who is to vote, in the order in which they would stand for election.
    pub voters: Vec<String>,
    /// In place of the list of this number, and of no other; of the one in office, if it is
    /// left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// Voters that are gone for good. If no leader can be elected without them, the group is
    /// founded anew; what waits for the data store with them alone is lost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<String>,
}

/// What a node counted since it came up.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct CacheCounts {
    /// Reads answered by its copies.
    pub local: u64,
    /// Reads answered by another member's copies.
    pub group: u64,
    /// Reads answered by the data store.
    pub store: u64,
    /// Writes that were acknowledged.
    pub writes: u64,
    /// Operations that came to nothing.
    pub failures: u64,
    /// Messages sent to other nodes.
    pub sent: u64,
    /// Messages that arrived.
    pub received: u64,
    /// Requests to the data store.
    pub store_requests: u64,
    /// Of them, those that came to nothing.
    pub store_failures: u64,
}

/// A content, as a node sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct CachedContent {
    /// Workload and name.
    pub name: String,
    /// How it stands at this node: `Free`, `Lock`, `Pending`; nothing if it is not here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// The copy's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// How long ago the copy was surely the newest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_ms: Option<u64>,
    /// How it stands in the leader's table, if this node leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leader_tag: Option<String>,
    /// Which nodes may have which version, as far as the leader knows; `name version`.
    pub holders: Vec<String>,
    /// Where a causal read without a session would be answered from, and why.
    pub why: String,
    /// Groups that the content belongs to, and whether and why this node is in each.
    pub groups: Vec<String>,
    /// Which of them leads it, who its leader is, and whether it was given to that group.
    #[serde(default)]
    pub led: String,
    /// The copy was fetched before anybody asked, and nobody has read it yet.
    #[serde(default)]
    pub fetched_ahead: bool,
}

/// Where a content is to be led.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContentMove {
    /// The workload whose group is to lead it.
    pub group: String,
}

/// Where a call of a function would go.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct PlacedFunction {
    /// The function.
    pub name: String,
    /// The workload of its calls.
    pub workload: String,
    /// How that is known.
    pub by: String,
    /// The node that a call would go to; nothing if none suits, so that it would wait here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Whether that node would join the workload's group by it.
    pub joins: bool,
    /// What it reads usually, with lengths in bytes.
    pub inputs: Vec<PlacedInput>,
    /// All nodes that have the function.
    pub choices: Vec<PlacedNode>,
}

/// A content that a function usually reads.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct PlacedInput {
    /// Workload and name.
    pub name: String,
    /// How long it is.
    pub bytes: u64,
}

/// A node that could run a call.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct PlacedNode {
    /// The node.
    pub name: String,
    /// Whether it is in the workload's group.
    pub is_member: bool,
    /// What the call costs there, and why the node is in the group.
    pub cost: String,
}
