//! What another node is to be asked for, as hands carry it.

use std::sync::Arc;
use std::time::Duration;

use swell_core::nearby::NearId;

use crate::registry::Version;

/// What another node is to be asked for.
#[derive(Clone)]
pub struct Ask {
    /// The node.
    pub node: NearId,
    /// The function.
    pub version: Arc<Version>,
    /// How many instances.
    pub count: u32,
    /// For how long.
    pub lasting: Duration,
    /// What the last of them is worth while it rests, in millionths of a use per second.
    pub worth: u64,
    /// What making it is worth, in the same.
    pub bid: u64,
}
