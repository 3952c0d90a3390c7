//! What was counted since the last look, function by function: the difference of sums that
//! the path of a request keeps anyway, so counting costs a request nothing more.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use swell_core::ids::FunctionId;

use crate::demand::book::Counted;
use crate::observe::usage::Used;
use crate::registry::{Registry, Version};

/// The sums at the last look, by version.
#[derive(Default)]
pub struct Census {
    seen: HashMap<FunctionId, (u64, Used)>,
}

impl Census {
    /// What came since the last look. Versions that were removed in between lose what they
    /// had since then. `minute` tells the minute of a time of the wall.
    pub fn take(
        &mut self,
        registry: &Registry,
        minute: impl Fn(u64) -> u64,
    ) -> BTreeMap<Arc<str>, Counted> {
        let mut counted = BTreeMap::new();
        let mut seen = HashMap::with_capacity(self.seen.len());
        registry.visit(|function| {
            let oldest = function.versions.iter().map(|version| version.deployed_at_ms).min();
            let since = minute(oldest.unwrap_or(0)) + 1;
            let mut sum = Counted { since, ..Counted::default() };
            for version in &function.versions {
                let now = sums(version);
                let (calls, used) = self.seen.get(&version.id).copied().unwrap_or_default();
                sum.calls += now.0.saturating_sub(calls);
                sum.used = sum.used.and(&now.1.since(&used));
                seen.insert(version.id, now);
            }
            counted.insert(function.name.clone(), sum);
        });
        self.seen = seen;
        counted
    }
}

fn sums(version: &Version) -> (u64, Used) {
    (version.counts.total.load(Ordering::Relaxed), version.used())
}
