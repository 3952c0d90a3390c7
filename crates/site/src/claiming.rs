//! A workload is at the site that says so first. What is about to be deployed is said at once, and not
//! only at the end of a slot: else two sites could take one name for different functions meanwhile.

use std::sync::Arc;
use std::time::Duration;

use swell_consensus::log::{Decided, Look, Standing};
use swell_core::council::entry::Command;
use swell_core::council::order::runs;
use swell_core::council::refusal::Refusal;
use swell_core::council::words::{Criticality, Loads, WorkloadId};
use swell_core::ids::SiteId;
use swell_core::time::Instant as LogTime;
use swell_outlook::naming::workload_id;
use tokio::time::{Instant, timeout_at};

use crate::errands::Errand;
use crate::site::Site;

/// How long that may take. Where nothing is decided, a site serves what it gets, as it does with all
/// else; should another one have said it before, that is told once it is known.
const CLAIM_MAX: Duration = Duration::from_secs(3);

impl Site {
    /// Says that a workload is here, unless it is known where it is; or tells whose it is.
    pub async fn claim(&self, workload: WorkloadId) -> Result<(), SiteId> {
        if let Some(known) = self.known_claim(workload) {
            return known;
        }
        let until = Instant::now() + CLAIM_MAX;
        if self.standing() != Standing::Deciding || !self.can_be_heard(until).await {
            return Ok(());
        }
        // It may have become known meanwhile.
        if let Some(known) = self.known_claim(workload) {
            return known;
        }
        let within = until.duration_since(Instant::now());
        match self.say(found(workload, Criticality::Normal), within).await {
            Ok(Decided { outcome: Err(Refusal::NotHolder { holder, .. }), .. }) => Err(holder),
            Ok(_) => {
                self.own_what_is_held();
                Ok(())
            }
            Err(_) => Ok(()),
        }
    }

    /// Whose a workload is, if this site knows: its own, or one of another site.
    fn known_claim(&self, workload: WorkloadId) -> Option<Result<(), SiteId>> {
        self.log.look(|state| {
            let holder = state.workloads.get(&workload)?.authority.holder;
            let is_ours = runs(state, self.me, workload) || !state.members.contains_key(&self.me);
            Some(if is_ours { Ok(()) } else { Err(holder) })
        })
    }

    /// Waits until what this site says counts: it is a member, and the log has a time, before which
    /// nothing is registered. Both come within moments of its founding or joining; a site that left
    /// waits for nothing.
    async fn can_be_heard(&self, until: Instant) -> bool {
        let (mut applied, mut has_told) = (self.log.applied(), false);
        loop {
            applied.mark_unchanged();
            let (is_member, has_left, has_time) = self.log.look(|state| {
                let is_member = state.members.contains_key(&self.me);
                (is_member, state.former.contains_key(&self.me), state.now != LogTime::ZERO)
            });
            if is_member && has_time {
                return true;
            }
            if has_left && !is_member {
                return false;
            }
            let is_leader = self.log.leadership().borrow().is_ours;
            if is_member && is_leader && !std::mem::replace(&mut has_told, true) {
                // The first tick waits for nothing, so it need not wait for the beat either.
                let within = until.duration_since(Instant::now());
                match self.say(Command::Tick { at: (self.clock)() }, within).await {
                    Ok(_) => continue,
                    Err(_) => return false,
                }
            }
            match timeout_at(until, applied.changed()).await {
                Ok(Ok(())) => {}
                _ => return false,
            }
        }
    }

    /// Says of all that was deployed here before this site had a say that it is here.
    pub(crate) fn begin_claiming(self: &Arc<Self>) {
        let Some(under_way) = self.errands.begin(Errand::Claim) else { return };
        let site = self.clone();
        tokio::spawn(async move {
            let _under_way = under_way;
            let cards = site.board().cards;
            let here = cards.iter().map(|(name, card)| (workload_id(name), card.criticality));
            let news: Vec<Command> = site.log.look(|state| {
                let news = here.filter(|(id, _)| !state.workloads.contains_key(id));
                news.map(|(id, criticality)| found(id, criticality)).collect()
            });
            site.say_all(news).await;
            site.own_what_is_held();
        });
    }
}

/// That a workload is here. What it takes is said once it is known, at the end of a slot.
fn found(workload: WorkloadId, criticality: Criticality) -> Command {
    Command::Register { workload, criticality, demand: Loads::cpu(1) }
}
