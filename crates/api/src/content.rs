//! Contents of cache groups, as they are listed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A content in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContentEntry {
    /// Its name in the workload.
    pub name: String,
    /// The newest version, as in its `ETag`.
    pub version: String,
    /// How long its body is.
    pub bytes: u64,
}

/// Contents of a workload.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct ContentList {
    /// The contents, in order of their names.
    pub contents: Vec<ContentEntry>,
    /// Where to go on, if there may be more: the `after` of the next list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}
