//! What a node of cache groups counts.

use std::sync::atomic::{AtomicU64, Ordering};

use swell_core::cachegroup::action::Origin;

/// Counts since the node came up.
#[derive(Debug, Default)]
pub struct Figures {
    /// Reads answered by this node's copies.
    pub local: AtomicU64,
    /// Reads answered by another member's copies.
    pub group: AtomicU64,
    /// Reads answered by the data store.
    pub store: AtomicU64,
    /// Bytes of bodies that were read.
    pub read_bytes: AtomicU64,
    /// Writes that were acknowledged.
    pub writes: AtomicU64,
    /// Operations that came to nothing: the group was busy or could not be reached.
    pub failures: AtomicU64,
    /// Messages sent to other nodes.
    pub sent: AtomicU64,
    /// Messages that arrived.
    pub received: AtomicU64,
    /// Requests to the data store.
    pub store_requests: AtomicU64,
    /// Of them, those that came to nothing.
    pub store_failures: AtomicU64,
}

impl Figures {
    /// Counts one.
    pub fn add(counter: &AtomicU64, count: u64) {
        counter.fetch_add(count, Ordering::Relaxed);
    }

    /// Counts a read.
    pub fn on_read(&self, origin: Origin, bytes: u64) {
        Self::add(
            match origin {
                Origin::Local => &self.local,
                Origin::Group => &self.group,
                Origin::Store => &self.store,
            },
            1,
        );
        Self::add(&self.read_bytes, bytes);
    }
}
