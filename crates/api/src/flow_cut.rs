//! Whether the owner of a flow may be cut short where another is to have it.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How long a call under way holds up a flow that another function is to own. What a call that is
/// cut short would have answered counts for nothing: with `ack = consume` its items are given out
/// again under their names, with `append` they are lost, as their one call was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// With `ack = consume` twice what 99 of a hundred calls of its owner take, and 50 ms at least
    /// (until 20 calls are known, `stall_ms` at least); with `append` until it ends.
    #[default]
    Auto,
    /// Until it ends, by its function's timeout at the latest.
    Off,
    /// So many milliseconds.
    AfterMs(u64),
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Off => f.write_str("off"),
            Self::AfterMs(ms) => write!(f, "{ms}ms"),
        }
    }
}
