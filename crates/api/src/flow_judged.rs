//! What a flow is judged by, and how it came to be where it is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Times that items spent in a flow are told of those that were done with in so many seconds.
pub const SOJOURN_SECONDS: u32 = 120;

/// In what shares of the latest ticks that a rule looks back something was so, in percent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FlowIndicators {
    /// Little flowed through.
    pub idle_percent: f64,
    /// Items waited for long.
    pub late_percent: f64,
    /// The owner was near its limit.
    pub tight_percent: f64,
}

/// Something about a flow that somebody should look after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FlowAlarm {
    /// `unknown-function`, `overloaded`, `failing`, `standing-queue`, `oldest-item`,
    /// `blocked`, `ping-pong`, or, where the flow is at another node, `node-silent`.
    pub alarm: String,
    /// What is so, in words.
    pub text: String,
}

/// A change of owners.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FlowMove {
    /// When it was ordered, in milliseconds since 1970.
    pub at_ms: u64,
    /// Who had it.
    pub from: String,
    /// Who was to have it.
    pub to: String,
    /// Whose doing it was, as in `migrations`.
    pub reason: String,
    /// What it was decided by, in words; empty where nothing was weighed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub because: String,
    /// Whether the call under way was cut short for it.
    #[serde(default)]
    pub cut: bool,
    /// How long it waited for the call under way, in microseconds; nothing while it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waited_us: Option<u64>,
    /// How long it took from there until the new owner began, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_us: Option<u64>,
}

/// One who can own a flow, as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FlowParty {
    /// The function.
    pub name: String,
    /// The share of its scarcest resource that is in use, in percent.
    pub used_percent: f64,
    /// Calls that it can work on at a time.
    pub processors: f64,
    /// Of these at work, in percent.
    #[serde(default)]
    pub calls_percent: f64,
    /// Processor time that it takes of the cores it may use, in percent.
    #[serde(default)]
    pub cpu_percent: f64,
    /// Memory that its guests hold of what they may, in percent.
    #[serde(default)]
    pub memory_percent: f64,
    /// Memory of instances at work on this node, with what it would need to begin, in percent.
    #[serde(default)]
    pub node_memory_percent: f64,
    /// Share of the last second that its calls waited for an instance, in percent.
    #[serde(default)]
    pub pressure_percent: f64,
    /// How much it has to do with the flow and its owner: of the bytes of the last minute that the
    /// flow carried and that its owner exchanged over other flows, the share that went from it or to
    /// it, in percent.
    #[serde(default)]
    pub dependency_percent: f64,
    /// How near it is to those who feed the flow and to its owner, in percent: 100 is being one of
    /// them, 90 the same core, 80 the same last cache, 60 the same memory, 40 the same machine.
    #[serde(default)]
    pub proximity_percent: f64,
    /// How long a change to it is expected to pause the flow, in microseconds.
    #[serde(default)]
    pub pause_us: u64,
    /// Whether it is here and not paused.
    pub is_alive: bool,
}
