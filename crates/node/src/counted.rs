//! What functions and their versions used and what their calls came to, since the node came up.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use swell_api::function::CallCounts;

use crate::observe::usage::Used;
use crate::registry::{Counts, Function, Version};

impl Version {
    /// What its calls and the starts of its instances used, as sums that only grow.
    pub fn used(&self) -> Used {
        let template = self.template.get().and_then(|made| made.as_ref().ok());
        self.usage.read(template.map_or(Duration::ZERO, |made| made.processor_time()))
    }

    /// Memory that its guests hold now, in bytes, where its backend can tell.
    pub fn guest_memory(&self) -> Option<u64> {
        self.template.get()?.as_ref().ok()?.guest_memory()
    }

    /// What its calls came to.
    pub fn calls(&self) -> CallCounts {
        let Counts { total, cold, refused, failed } = &self.counts;
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        CallCounts {
            total: read(total),
            cold: read(cold),
            refused: read(refused),
            failed: read(failed),
            cpu_us: self.used().cpu_us,
        }
    }
}

impl Function {
    /// What the calls of all its versions came to.
    pub fn calls(&self) -> CallCounts {
        let each = self.versions.iter().map(|version| version.calls());
        each.fold(CallCounts::default(), |sum, of| CallCounts {
            total: sum.total + of.total,
            cold: sum.cold + of.cold,
            refused: sum.refused + of.refused,
            failed: sum.failed + of.failed,
            cpu_us: sum.cpu_us + of.cpu_us,
        })
    }

    /// What all its versions used, as sums that only grow while none of them goes.
    pub fn used(&self) -> Used {
        self.versions.iter().fold(Used::default(), |sum, version| sum.and(&version.used()))
    }
}
