//! What the workloads of other sites are called. The log speaks in numbers, and boards are read at the
//! end of a slot: a site whose workload came up since is asked at once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use swell_consensus::log::Look;
use swell_core::council::state::State;
use swell_core::ids::SiteId;
use tokio::time::{sleep, timeout};

use crate::errands::Errand;
use crate::settings::beat;
use crate::site::Site;

/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(5);

impl Site {
    /// Other sites that have authority over something of which no name is known here.
    pub(crate) fn unnamed(&self, state: &State) -> BTreeSet<SiteId> {
        let told = self.told.read();
        let nameless =
            state.workloads.iter().filter(|(id, _)| !told.names.workloads.contains_key(id));
        let holders = nameless.map(|(_, workload)| workload.authority.holder);
        holders.filter(|holder| *holder != self.me).collect()
    }

    /// Asks a site what it has. It is not asked again before a beat is over, as it claims a name before
    /// it has what is called so.
    pub(crate) fn begin_naming(self: &Arc<Self>, other: SiteId) {
        let Some(contact) = self.contacts.read().get(&other).cloned() else { return };
        let Some(under_way) = self.errands.begin(Errand::Name(other)) else { return };
        let site = self.clone();
        tokio::spawn(async move {
            let _under_way = under_way;
            if let Ok(Ok(board)) = timeout(ANSWER_MAX, site.neighbours.read(&contact)).await
                && board.contact.name == contact.name
            {
                site.hear(other, &board);
            }
            sleep(beat(&site.log.look(|state| state.rules))).await;
        });
    }
}
