//! How a node is, for those who ask whether it works.

use std::sync::Arc;

use crate::gateway::own::Health;
use crate::observe::metrics::Metrics;

/// What the health pages tell from.
pub(crate) struct Condition {
    /// What is counted.
    pub(crate) metrics: Arc<Metrics>,
}

impl Health for Condition {
    fn unready(&self) -> Option<String> {
        // A node listens once everything it needs is open.
        None
    }

    fn metrics(&self, accept: Option<&str>) -> (&'static str, String) {
        self.metrics.encode_for(accept)
    }
}
