//! Standing by: this site keeps what it takes to start the workloads of some others without them.
//! What came up is asked for at once, since its site may be lost any moment; what it has changed, once
//! a slot is over.

use std::sync::Arc;

use swell_consensus::log::Look;
use swell_core::council::state::State;
use swell_core::council::words::WorkloadId;
use swell_core::ids::SiteId;
use swell_outlook::lost::stand_in;
use tokio::time::sleep;

use crate::errands::Errand;
use crate::settings::beat;
use crate::site::Site;

/// So often what is not kept yet is asked for, a beat apart, until the slot is over.
const TRIES: usize = 3;

impl Site {
    /// Workloads of others whose names are known, and that were not looked at since a slot was over.
    pub(crate) fn newcomers(&self, state: &State) -> Vec<(WorkloadId, SiteId)> {
        let (told, stood) = (self.told.read(), self.stood.lock());
        let held = state.workloads.iter().map(|(id, of)| (*id, of.authority.holder));
        let others = held.filter(|(_, holder)| *holder != self.me);
        let named = others.filter(|(id, _)| told.names.workloads.contains_key(id));
        named.filter(|of| !stood.contains(of)).collect()
    }

    /// Keeps what it takes to start those newcomers that this site stands by for.
    pub(crate) fn begin_standing_by(self: &Arc<Self>, newcomers: Vec<(WorkloadId, SiteId)>) {
        if newcomers.is_empty() {
            return;
        }
        let Some(under_way) = self.errands.begin(Errand::StandBy) else { return };
        let ours = self.log.look(|state| {
            let is_ours =
                |holder: SiteId| stand_in(state, holder, &|_: SiteId| true) == Some(self.me);
            let ours = newcomers.iter().filter(|(_, holder)| is_ours(*holder));
            ours.copied().collect::<Vec<_>>()
        });
        self.stood.lock().extend(newcomers);
        let site = self.clone();
        tokio::spawn(async move {
            let _under_way = under_way;
            site.stand_by(ours).await;
        });
    }

    async fn stand_by(&self, mut left: Vec<(WorkloadId, SiteId)>) {
        let pause = beat(&self.log.look(|state| state.rules));
        for tries in 1.. {
            let mut failed = Vec::new();
            for (workload, holder) in left {
                if !self.keep(workload, holder).await {
                    failed.push((workload, holder));
                }
            }
            if failed.is_empty() || tries == TRIES {
                return;
            }
            left = failed;
            sleep(pause).await;
        }
    }

    /// Whether that could be done.
    async fn keep(&self, workload: WorkloadId, holder: SiteId) -> bool {
        if !self.is_reached(holder) {
            return false;
        }
        let name = self.told.read().names.workloads.get(&workload).cloned();
        let contact = self.contacts.read().get(&holder).cloned();
        let (Some(name), Some(contact)) = (name, contact) else { return false };
        let kept = self.mover.stand_by(&name, &contact).await;
        if let Err(error) = &kept {
            tracing::debug!(workload = %name, %error, "not kept for another site yet");
        }
        kept.is_ok()
    }
}
