//! What became of calls of workloads, since the node came up.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts of calls.
#[derive(Debug, Default)]
pub struct Tally {
    /// Ran where they came.
    pub(crate) here: AtomicU64,
    /// Were passed on to other nodes, and answered there.
    pub(crate) passed: AtomicU64,
    /// Came from other nodes.
    pub(crate) taken: AtomicU64,
    /// Did not get to another node, or nothing is known of them.
    pub(crate) lost: AtomicU64,
}

impl Tally {
    /// Counts one.
    pub(crate) fn add(count: &AtomicU64) {
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// All of them, in the order in which they stand.
    pub fn read(&self) -> [u64; 4] {
        [&self.here, &self.passed, &self.taken, &self.lost]
            .map(|count| count.load(Ordering::Relaxed))
    }
}
