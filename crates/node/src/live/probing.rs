//! Whether the instances of a version live: each that waits for a call is asked for a sign.

use std::sync::Arc;

use swell_core::ids::FunctionId;
use swell_core::pool::instance::State;
use swell_sandbox::backend::Instance;

use crate::live::world::{Live, PROBE_MAX};

impl Live {
    /// Asks all idle instances of a version whether they could serve; how many there were, or what is
    /// wrong with one.
    ///
    /// # Errors
    ///
    /// What the instance says, or that it says nothing.
    pub async fn probe_idle(&self, function: FunctionId) -> Result<usize, String> {
        let idle: Vec<Arc<dyn Instance>> = {
            let mut mind = self.mind.lock();
            let pool = mind.site.pool();
            let is_idle = |of: &swell_core::pool::instance::Instance| {
                of.function() == function && of.state() == State::Idle
            };
            let idle = pool.instances().filter(|(_, instance)| is_idle(instance));
            let ids: Vec<_> = idle.map(|(slot, _)| pool.id(slot)).collect();
            ids.into_iter().filter_map(|id| mind.instances.get(id).cloned()).collect()
        };
        let many = idle.len();
        for instance in idle {
            match tokio::time::timeout(PROBE_MAX, instance.probe()).await {
                Ok(told) => told?,
                Err(_) => return Err(format!("it gave no sign within {} s", PROBE_MAX.as_secs())),
            }
        }
        Ok(many)
    }
}
