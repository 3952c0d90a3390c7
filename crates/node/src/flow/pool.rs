//! Regions for the lanes of this node, made before they are wanted, within quotas.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;
use xxhash_rust::xxh3::xxh3_64;

use swell_fifo::class::{CLASSES, Class};
use swell_fifo::pool::{ClassCount, Pool, PoolError, Quotas, Sharing};
use swell_fifo::template::{Segment, Templates};

use crate::settings::FlowSettings;

/// Free regions of each class below which more are made, smallest class first: under 2 MiB for a
/// node without flows.
const LOW_WATER: [usize; CLASSES] = [4, 4, 2, 1, 0, 0];
/// Free regions of each class that are kept.
const HIGH_WATER: [usize; CLASSES] = [16, 16, 8, 4, 1, 1];

/// The regions of a node.
pub(crate) struct Regions {
    pool: Mutex<Pool<Templates>>,
    low: Notify,
    quotas: Quotas,
}

impl Regions {
    pub(crate) fn new(settings: &FlowSettings) -> Arc<Self> {
        let quotas = Quotas {
            node: settings.memory_max.get(),
            tenant: settings.function_memory_max.get(),
            low_water: LOW_WATER,
            high_water: HIGH_WATER,
        };
        let pool = Mutex::new(Pool::new(Templates, quotas));
        Arc::new(Self { pool, low: Notify::new(), quotas })
    }

    /// What may be held.
    pub(crate) fn quotas(&self) -> &Quotas {
        &self.quotas
    }

    /// Takes a region for a lane of this function.
    pub(crate) fn take(
        &self,
        function: &str,
        class: Class,
        sharing: Sharing,
    ) -> Result<Segment, PoolError> {
        let taken = self.pool.lock().take(tenant(function), class, sharing);
        self.low.notify_one();
        taken
    }

    /// Takes a region back; it is scrubbed before anybody gets it.
    pub(crate) fn give_back(&self, function: &str, class: Class, region: Segment) {
        self.pool.lock().give_back(tenant(function), class, region);
        self.low.notify_one();
    }

    /// Takes a region back that a process may still have mapped: nobody else gets it.
    pub(crate) fn discard(&self, function: &str, class: Class, region: Segment) {
        self.pool.lock().discard(tenant(function), class, region);
    }

    /// Bytes of all regions, pooled ones included.
    pub(crate) fn held(&self) -> u64 {
        self.pool.lock().held()
    }

    /// How one class stands.
    pub(crate) fn count(&self, class: Class) -> ClassCount {
        self.pool.lock().count(class)
    }

    /// Whether memory for FIFOs is short: nine tenths of what the node may hold are held.
    pub(crate) fn is_short(&self) -> bool {
        let pool = self.pool.lock();
        pool.held().saturating_mul(10) > self.quotas.node.saturating_mul(9)
    }

    /// Makes and scrubs regions in the background whenever that may be needed.
    pub(crate) async fn run(self: Arc<Self>) {
        loop {
            let regions = self.clone();
            // Touching a page costs microseconds: not where requests are served, and with
            // the pool free for others in between.
            let filled = tokio::task::spawn_blocking(move || {
                loop {
                    let more = regions.pool.lock().refill();
                    if !matches!(more, Ok(true)) {
                        return more;
                    }
                }
            });
            if let Ok(Err(error)) = filled.await {
                tracing::debug!(%error, "regions for FIFOs are made when they are wanted");
            }
            self.low.notified().await;
        }
    }
}

/// Who pays for the lanes of a function.
fn tenant(function: &str) -> u64 {
    xxh3_64(function.as_bytes())
}
