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
    /// Held for microseconds: regions are made, scrubbed and let go without it.
    pool: Mutex<Pool<Templates>>,
    /// Held by whoever does that in the background.
    chores: Mutex<()>,
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
        Arc::new(Self { pool, chores: Mutex::new(()), low: Notify::new(), quotas })
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
        let tenant = tenant(function);
        let begin = || self.pool.lock().begin(tenant, class, sharing);
        let begun = match begin() {
            // What is being made or scrubbed for later is worth less than what is wanted now.
            Err(PoolError::NodeQuota { .. }) => {
                let _no_chore = self.chores.lock();
                begin()
            }
            begun => begun,
        };
        self.low.notify_one();
        begun?.finish(&Templates).map_err(|error| {
            self.pool.lock().abandon(tenant, class);
            PoolError::Kernel(error)
        })
    }

    /// Lanes of these classes will be wanted soon.
    pub(crate) fn expect(&self, classes: impl Iterator<Item = Class>) {
        let mut regions = [0; CLASSES];
        classes.for_each(|class| regions[class.index()] += 1);
        self.pool.lock().expect(regions);
        self.low.notify_one();
    }

    /// Takes a region back; it is scrubbed before anybody gets it.
    pub(crate) fn give_back(&self, function: &str, class: Class, region: Segment) {
        self.pool.lock().give_back(tenant(function), class, region);
        self.low.notify_one();
    }

    /// Takes a region back that a process may still have mapped: nobody else gets it.
    pub(crate) fn discard(&self, function: &str, class: Class, region: Segment) {
        self.pool.lock().discard(tenant(function), class);
        drop(region);
    }

    /// Bytes of all regions, pooled ones included.
    pub(crate) fn held(&self) -> u64 {
        self.pool.lock().held()
    }

    /// How one class stands.
    pub(crate) fn count(&self, class: Class) -> ClassCount {
        self.pool.lock().count(class)
    }

    /// Whether memory for FIFOs is short: nine tenths of what the node may hold are held, or what
    /// is left does not suffice for the regions that should be ready.
    pub(crate) fn is_short(&self) -> bool {
        let pool = self.pool.lock();
        pool.held().saturating_mul(10) > self.quotas.node.saturating_mul(9) || pool.stays_low()
    }

    /// Makes and scrubs regions in the background whenever that may be needed.
    pub(crate) async fn run(self: Arc<Self>) {
        loop {
            let regions = self.clone();
            // Touching a page costs microseconds: not where requests are served.
            let filled = tokio::task::spawn_blocking(move || -> Result<(), PoolError> {
                loop {
                    let _one_at_a_time = regions.chores.lock();
                    let Some(chore) = regions.pool.lock().chore() else { return Ok(()) };
                    let done = chore.work(&Templates);
                    regions.pool.lock().done(done)?;
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
