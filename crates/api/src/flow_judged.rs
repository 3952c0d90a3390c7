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
    /// `unknown-function`, `overloaded`, `standing-queue`, `oldest-item`, `blocked` or
    /// `ping-pong`.
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
    /// How long it waited for the call under way, in microseconds; nothing while it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waited_us: Option<u64>,
    /// How long it took from there until the new owner began, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_us: Option<u64>,
}
