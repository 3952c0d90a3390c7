//! What must be chosen before a trace becomes calls?

use serde::{Deserialize, Serialize};

use crate::durations::Durations;
use crate::placement::Placement;

/// One way to read a trace. The same reading of the same trace gives the same calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reading {
    /// Where counted calls fall inside their minute; per-call traces know.
    pub placement: Placement,
    /// How long calls run; traces that tell each call's length ignore it.
    pub durations: Durations,
    /// The seed of everything drawn.
    pub seed: u64,
}
