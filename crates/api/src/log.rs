//! Lines that guests wrote, and what the node has to say about their calls.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogLine {
    /// Number of the line on this node, from 1; grows without gaps.
    pub number: u64,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// The function.
    pub function: String,
    /// Its version.
    pub version: u32,
    /// The call it was written in.
    pub request_id: String,
    /// Who wrote it.
    pub stream: LogStream,
    /// The text, without its end of line; what is no UTF-8 is replaced.
    pub text: String,
}

/// Who wrote a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogStream {
    /// The guest, on its standard output.
    Stdout,
    /// The guest, on its standard error.
    Stderr,
    /// The node, about the call.
    Node,
}
