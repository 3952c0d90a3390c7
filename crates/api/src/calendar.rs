//! What is announced to a node.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something that is known to come, such as a campaign or a night of maintenance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Occasion {
    /// What it is found by; one that is announced again takes the place of the former. Left out
    /// is one of the node's making.
    #[serde(default)]
    pub id: String,
    /// By what its effect is learned: those of one kind are taken to do alike.
    pub kind: String,
    /// What people call it.
    #[serde(default)]
    pub title: String,
    /// When it first starts, in milliseconds since 1970.
    pub start_ms: u64,
    /// When that is over, in milliseconds since 1970.
    pub end_ms: u64,
    /// Patterns of names of functions it touches, such as `shop-*`; none is all.
    #[serde(default)]
    pub functions: Vec<String>,
    /// `unknown`, `x2` (twice the calls) or `unmeasured` (maintenance).
    #[serde(default = "unknown")]
    pub effect: String,
    /// Instances of each function that are held while it lasts, whatever is forecast.
    #[serde(default)]
    pub floor: Option<u32>,
    /// How it repeats, as it was read from a calendar.
    #[serde(default)]
    pub repeats: Option<serde_json::Value>,
}

fn unknown() -> String {
    "unknown".to_string()
}

/// What was read of a calendar.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Imported {
    /// Events taken in.
    pub taken: usize,
    /// Of these, such as took the place of a former one.
    pub replaced: usize,
    /// What could not be read or was not taken, and why.
    pub letters: Vec<String>,
}
