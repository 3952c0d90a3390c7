//! What a node tells of itself.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Node {
    /// The program, with its version.
    pub program: String,
    /// Since when it is up, in milliseconds since 1970.
    pub since_ms: u64,
    /// The keep-alive policy.
    pub policy: String,
    /// Memory that instances may hold together.
    pub memory_bytes: u64,
    /// Memory that they hold.
    pub memory_bytes_used: u64,
    /// How many times faster than the wall clock the mind's clock goes; 1 but for tests
    /// and demos.
    pub speed: f64,
    /// Functions deployed.
    pub functions: u32,
    /// Requests that wait for an instance.
    pub waiting: u64,
    /// How guests get their memory, and why so.
    pub engine: String,
    /// The journal.
    pub journal: JournalState,
}

/// How far the journal is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct JournalState {
    /// Whether it still records; it ends when its share of the disk is used up.
    pub recording: bool,
    /// Where it lies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Events recorded.
    pub events: u64,
    /// Its length so far.
    pub bytes: u64,
}
