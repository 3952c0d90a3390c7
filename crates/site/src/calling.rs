//! What the workloads of other sites are called. The log speaks in numbers, and boards are read at the
//! end of a slot: a site whose workload came up since is asked at once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use swell_consensus::log::Look;
use swell_core::council::state::State;
use swell_core::ids::SiteId;
use swell_outlook::board::Contact;
use tokio::time::{sleep, timeout};

use crate::errands::Errand;
use crate::settings::beat;
use crate::site::Site;

/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// How long it is first waited before a site is asked again.
const AGAIN: Duration = Duration::from_millis(200);
/// How long a site that comes up waits to hear what the others serve, and how often it looks.
const ACQUAINTED_MAX: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(20);

impl Site {
    /// Other sites that have authority over something of which no name is known here, or of which it
    /// is not known where they are.
    pub(crate) fn unnamed(&self, state: &State) -> BTreeSet<SiteId> {
        let told = self.told.read();
        let nameless =
            state.workloads.iter().filter(|(id, _)| !told.names.workloads.contains_key(id));
        let holders = nameless.map(|(_, workload)| workload.authority.holder);
        let contacts = self.contacts.read();
        let unmet = state.members.keys().filter(|site| !contacts.contains_key(site)).copied();
        holders.chain(unmet).filter(|site| *site != self.me).collect()
    }

    /// Waits until it is known here what all sites serve, by all that was decided before; not for long,
    /// as nobody may be there who knows.
    pub async fn acquaint(&self) {
        let known = async {
            while self.log.barrier(ACQUAINTED_MAX).await.is_err() {
                sleep(LOOK_EVERY).await;
            }
            let is_unknown = |state: &State| {
                self.reroute(state);
                !self.unnamed(state).is_empty()
            };
            while self.log.look(is_unknown) {
                sleep(LOOK_EVERY).await;
            }
        };
        let _ = timeout(ACQUAINTED_MAX, known).await;
    }

    /// Asks a site what it has, and others where it is if that is not known. As it claims a name
    /// before it has what is called so, it is asked again, soon at first and not before a beat is over
    /// in the end.
    pub(crate) fn begin_naming(self: &Arc<Self>, other: SiteId) {
        let Some(under_way) = self.errands.begin(Errand::Name(other)) else { return };
        let site = self.clone();
        tokio::spawn(async move {
            let _under_way = under_way;
            let (mut pause, beat) = (AGAIN, beat(&site.log.look(|state| state.rules)));
            loop {
                site.find(other).await;
                let contact = site.contacts.read().get(&other).cloned();
                if let Some(contact) = contact {
                    site.ask_what_it_has(other, &contact).await;
                }
                if !site.log.look(|state| site.unnamed(state).contains(&other)) {
                    return;
                }
                sleep(pause.min(beat)).await;
                if pause >= beat {
                    return;
                }
                pause *= 2;
            }
        });
    }

    /// Asks those sites that are known where another one is, until it is known.
    async fn find(&self, other: SiteId) {
        let known = self.contacts.read().clone();
        for (id, contact) in known.iter().filter(|(id, _)| **id != self.me) {
            if self.contacts.read().contains_key(&other) {
                return;
            }
            self.ask_what_it_has(*id, contact).await;
        }
    }

    async fn ask_what_it_has(&self, other: SiteId, contact: &Contact) {
        if let Ok(Ok(board)) = timeout(ANSWER_MAX, self.neighbours.read(contact)).await
            && board.contact.name == contact.name
        {
            self.hear(other, &board);
        }
    }
}
