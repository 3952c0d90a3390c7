//! Flows: FIFOs in shared memory from functions to a function, what is deployed of them and
//! how they stand.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::flow_cut::Cut;
use crate::flow_judged::{FlowAlarm, FlowIndicators, FlowMove, FlowParty};
use crate::spec::Retry;

/// A flow, as it is deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowSpec {
    /// 1 to 63 of `a-z`, `0-9` and `-`, beginning with a letter and not ending with `-`.
    pub name: String,
    /// Functions whose answers with a status of 2xx become items, and native processes that put
    /// items in, as `native:NAME`; each has a lane of its own.
    pub from: Vec<String>,
    /// The function that is called with the items, or the native process that takes them, as
    /// `native:NAME`.
    pub to: String,
    /// Other functions that can take the items in its place; the flow may be handed to them
    /// when `to` has no room. A native process among them has it for as long as it is connected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<String>,
    /// The longest item, in bytes.
    #[serde(default = "default_item_bytes")]
    pub item_bytes: u64,
    /// Items a second that are expected of each function in `from`.
    #[serde(default = "default_rate")]
    pub rate: u32,
    /// For how long items may come while none is taken: item size, rate and this make the
    /// size class of a lane.
    #[serde(default = "default_stall_ms")]
    pub stall_ms: u64,
    /// What happens to an item that finds its lane full.
    #[serde(default)]
    pub full: Full,
    /// When an item is forgotten.
    #[serde(default)]
    pub ack: Ack,
    /// How long a call under way holds up the flow when another function is to own it.
    #[serde(default)]
    pub cut: Cut,
    /// Items that one call takes at most; from 2 on they come as `multipart/mixed`.
    #[serde(default = "default_batch")]
    pub batch: u32,
    /// How calls are tried again; for `ack = consume`.
    #[serde(default)]
    pub retry: Retry,
    /// Bytes of disk that each lane may take, for `full = spill` and `ack = consume`.
    #[serde(default = "default_disk_bytes")]
    pub disk_bytes: u64,
    /// Flows that may have led to an item, one from the other; an item beyond ends there. A
    /// circle of flows needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hops_max: Option<u32>,
}

impl FlowSpec {
    /// A flow with all defaults.
    pub fn plain(name: impl Into<String>, from: &[&str], to: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            from: from.iter().map(|name| (*name).to_string()).collect(),
            to: to.into(),
            owners: Vec::new(),
            item_bytes: default_item_bytes(),
            rate: default_rate(),
            stall_ms: default_stall_ms(),
            full: Full::default(),
            ack: Ack::default(),
            cut: Cut::default(),
            batch: default_batch(),
            retry: Retry::default(),
            disk_bytes: default_disk_bytes(),
            hops_max: None,
        }
    }
}

/// What stands before the name of a native process where functions and processes are named.
pub const NATIVE: &str = "native:";

/// Whether this names a native process.
pub fn is_native(name: &str) -> bool {
    name.starts_with(NATIVE)
}

fn default_item_bytes() -> u64 {
    64 << 10
}

fn default_rate() -> u32 {
    10
}

fn default_stall_ms() -> u64 {
    1_000
}

fn default_batch() -> u32 {
    1
}

fn default_disk_bytes() -> u64 {
    64 << 20
}

/// What happens to an item that finds its lane full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Full {
    /// The answer waits until there is room, as long as its function's timeout.
    #[default]
    Block,
    /// The answer is replaced by 429.
    Reject,
    /// The oldest item goes.
    DropOldest,
    /// The item itself goes.
    DropNewest,
    /// The item goes to disk, and follows in its turn.
    Spill,
}

/// When an item is forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Ack {
    /// When its call was answered with a status below 500, or it became a dead letter. It is
    /// on disk before its producer is answered, and survives the node.
    #[default]
    Consume,
    /// When its call was made. It is tried once, and lost with the node's memory.
    Append,
}

/// What may change of a flow without deploying it anew. What is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FlowChange {
    /// Whether the analyzer leaves it as it is. A person can still migrate it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frozen: Option<bool>,
    /// The function that is to own it from now on, whatever the analyzer finds; an empty text
    /// unpins it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pinned: Option<String>,
    /// The core of this machine that its owner is to work on from now on, on a thread of its
    /// own; an empty text lets the node choose again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub core: Option<String>,
}

/// Where a flow is to go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Migrate {
    /// The function that is to own it: `to` or one of `owners`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Instead, the node that is to have it, with all that is in it: its name and where it
    /// listens for flows, such as `berlin=10.0.0.2:7403`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_node: Option<String>,
}

/// What came of deploying a flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FlowDeployed {
    /// The flow.
    pub name: String,
    /// Whether anything changed.
    pub changed: bool,
    /// What it asks for and cannot have, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// Flows to plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FlowPlan {
    /// The flows.
    pub flows: Vec<FlowSpec>,
    /// Functions that will be deployed with them, besides those that are here.
    pub functions: Vec<String>,
}

/// A flow, as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Flow {
    /// Its name.
    pub name: String,
    /// What was deployed.
    pub spec: FlowSpec,
    /// The function that owns it: the one that is called with the items.
    pub owner: String,
    /// Counts its owners; a change of hands makes it one more.
    pub epoch: u32,
    /// Whether the analyzer leaves it as it is.
    pub frozen: bool,
    /// The function it is pinned to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<String>,
    /// Items in it. With `full = drop-oldest`, those that were overwritten count until its
    /// owner has come past them.
    pub depth: u64,
    /// Of these, items on disk that wait for room in the lanes.
    pub spilled: u64,
    /// Items a second that were put in, over the last second.
    pub in_per_second: f64,
    /// Items a second that were done with, over the last second.
    pub out_per_second: f64,
    /// Half of the latest items, of 512 at most and of those that were done with in the last two
    /// minutes, were in it for no longer, in microseconds; 0 where there are none.
    pub sojourn_us_p50: u64,
    /// 99 of 100 of these were in it for no longer, in microseconds.
    pub sojourn_us_p99: u64,
    /// How long the item being worked on has been in it, in microseconds.
    pub oldest_us: u64,
    /// Share of the last second that producers waited for room, in percent.
    pub blocked_percent: f64,
    /// Share of the last second that its owner waited for items, in percent.
    pub starved_percent: f64,
    /// The core that its owner works on, if it has a thread of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub core: Option<u32>,
    /// Items of the usual size that its lanes can hold together.
    #[serde(default)]
    pub capacity: f64,
    /// How long its owner works on an item on average, in microseconds; 0 where none was done.
    #[serde(default)]
    pub work_us: f64,
    /// What goes out of it in 100 ms, as a share of what its lanes can hold, in percent.
    #[serde(default)]
    pub utilization_percent: f64,
    /// What comes, as a share of what one call at a time can do, in percent; nothing where no item
    /// was done yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saturation_percent: Option<f64>,
    /// Squared coefficient of variation of gaps between items, plus that of their work; 2 is as at
    /// random.
    #[serde(default)]
    pub variation: f64,
    /// How much spoke for a change when it was judged last, from 0 to 1.
    #[serde(default)]
    pub score: f64,
    /// What of that spoke.
    #[serde(default)]
    pub indicators: FlowIndicators,
    /// What somebody should look after.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<FlowAlarm>,
    /// Those who can own it, `to` first.
    #[serde(default)]
    pub parties: Vec<FlowParty>,
    /// Its lanes.
    pub lanes: Vec<FlowLane>,
    /// Native processes that take part just now.
    #[serde(default)]
    pub natives: Vec<FlowNative>,
    /// What became of items since the node came up.
    pub items: FlowItems,
    /// Changes of hands by reason, since the node came up: of owners, of the core they work on, of
    /// the size of a lane, and between nodes.
    pub migrations: BTreeMap<String, u64>,
    /// How often it came back within a minute to an owner or a node that it had left.
    #[serde(default)]
    pub ping_pongs: u64,
    /// The last change of owners.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_move: Option<FlowMove>,
    /// Who still has it until the call under way ends, where another is to own it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<String>,
    /// How long the last change of owners took from its order until the new one began, in
    /// microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause_us_last: Option<u64>,
    /// How long the next one is expected to take, as its memory tells all who take part, in
    /// microseconds.
    pub pause_us_next: u64,
    /// Bytes of an item, on average.
    #[serde(default)]
    pub item_bytes: f64,
    /// When something was last put in, in milliseconds since 1970; nothing if nothing was since the
    /// node came up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_put_ms: Option<u64>,
    /// When its owner was last done with something, in milliseconds since 1970; nothing if it was not
    /// since the node came up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_taken_ms: Option<u64>,
    /// Why it is where it is, in words.
    pub explanation: String,
    /// What it asks for and cannot have, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Why nothing moves, if something is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// Where it went, if it is not here any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<FlowMoved>,
}

/// Where a flow went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FlowMoved {
    /// The node's name.
    pub node: String,
    /// Its host and port for flows.
    pub at: String,
    /// Counts the moves of the flow between nodes.
    pub term: u32,
    /// Items that went with it, where this node sent it since it came up.
    pub items: u64,
    /// Bytes that were sent.
    pub bytes: u64,
    /// How long nothing was taken out of it, in microseconds.
    pub pause_us: u64,
}

/// A lane, as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FlowLane {
    /// The function whose answers come by it.
    pub from: String,
    /// Bytes of data its size class holds.
    pub class_bytes: u64,
    /// Bytes in it.
    pub used_bytes: u64,
    /// Items put in, ever.
    pub items: u64,
    /// Bytes it takes on disk.
    pub disk_bytes: u64,
    /// When something was last put in by it, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_put_ms: Option<u64>,
}

/// A native process that takes part in a flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FlowNative {
    /// Its name, as `native:NAME`.
    pub name: String,
    /// `producer` or `consumer`.
    pub role: String,
    /// Whether it owns the flow; a consumer that does not stands by.
    pub owns: bool,
    /// The number of its process, as the node knows it; none where the node runs in a container
    /// and the process outside of that.
    pub pid: Option<u32>,
    /// The user it runs as.
    pub uid: u32,
    /// For how long it has been connected, in milliseconds.
    pub connected_ms: u64,
    /// Items it put in or was done with since.
    pub items: u64,
}

/// What became of items.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FlowItems {
    /// Put in.
    pub put: u64,
    /// Done with: worked on, given up or lost.
    pub done: u64,
    /// Given out again after a failed call.
    pub again: u64,
    /// Given up as dead letters.
    pub dead: u64,
    /// Lost to a failed call, where items are tried once.
    pub lost: u64,
    /// Dropped because the lane was full.
    pub dropped: u64,
    /// Refused because the lane was full.
    pub rejected: u64,
    /// Put on disk first because the lane was full.
    pub spilled: u64,
    /// Ended because too many flows had led to them.
    pub ended: u64,
}
