//! What a node tells of its instances.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One sandbox of a function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Instance {
    /// Its slot and, after a dot, which tenant of the slot it is.
    pub id: String,
    /// The function.
    pub function: String,
    /// Its version.
    pub version: u32,
    /// `starting`, `idle`, `busy`, `pre-warmed` or `paused`.
    pub state: String,
    /// Requests it serves now.
    pub active: u32,
    /// Memory set aside for it.
    pub memory_bytes: u64,
    /// Since when it lives, in milliseconds since 1970.
    pub since_ms: u64,
}
