//! How others answer over the resource channel. They are asked by the clock, so also where nothing can
//! be decided and slots do not go by.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use swell_consensus::log::Look;
use swell_core::ids::SiteId;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::errands::Errand;
use crate::site::Site;

/// How often others are asked where slots are longer than that, and how long they may take.
const EVERY_MAX: Duration = Duration::from_secs(30);
const ANSWER_MAX: Duration = Duration::from_secs(5);

impl Site {
    /// Begins to ask all others, if that is due.
    pub(crate) fn begin_probing(self: &Arc<Self>) {
        let slot = self.log.look(|state| state.rules.slot);
        let every = Duration::from_nanos(slot.nanos()).min(EVERY_MAX);
        if self.probed.lock().is_some_and(|at| at.elapsed() < every) {
            return;
        }
        let Some(under_way) = self.errands.begin(Errand::Probe) else { return };
        *self.probed.lock() = Some(Instant::now());
        let site = self.clone();
        tokio::spawn(async move {
            let _under_way = under_way;
            site.probe(every.min(ANSWER_MAX)).await;
        });
    }

    async fn probe(self: &Arc<Self>, most: Duration) {
        let is_other =
            |id: SiteId| self.log.look(|state| id != self.me && state.members.contains_key(&id));
        let contacts = self.contacts.read().clone();
        let mut asked = JoinSet::new();
        for (id, contact) in contacts.into_iter().filter(|(id, _)| is_other(*id)) {
            let site = self.clone();
            asked.spawn(async move {
                let trip = timeout(most, site.neighbours.resource_trip(&contact)).await;
                (id, trip.ok().flatten())
            });
        }
        let mut trips = BTreeMap::new();
        while let Some(trip) = asked.join_next().await {
            trips.extend(trip);
        }
        self.told.write().resource = trips;
    }
}
