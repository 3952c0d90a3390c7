//! A workload is at the site that says so first. What is about to be deployed is said at once, and not
//! only at the end of a slot: else two sites could take one name for different functions meanwhile.

use std::time::Duration;

use swell_consensus::log::{Look, Standing};
use swell_core::council::entry::Command;
use swell_core::council::order::runs;
use swell_core::council::refusal::Refusal;
use swell_core::council::words::{Criticality, Loads, WorkloadId};
use swell_core::ids::SiteId;
use swell_core::time::Instant;

use crate::site::Site;

/// How long that may take. Where nothing is decided, a site serves what it gets, as it does with all
/// else; should another one have said it before, that is told once it is known.
const CLAIM_MAX: Duration = Duration::from_secs(3);

impl Site {
    /// Says that a workload is here, unless it is known where it is; or tells whose it is.
    pub async fn claim(&self, workload: WorkloadId) -> Result<(), SiteId> {
        let known = self.log.look(|state| {
            if !state.members.contains_key(&self.me) || state.now == Instant::ZERO {
                return Some(Ok(()));
            }
            let holder = state.workloads.get(&workload)?.authority.holder;
            Some(if runs(state, self.me, workload) { Ok(()) } else { Err(holder) })
        });
        if let Some(known) = known {
            return known;
        }
        if self.standing() != Standing::Deciding {
            return Ok(());
        }
        // How much it matters and takes is said once it is known, at the end of the slot.
        let (criticality, demand) = (Criticality::Normal, Loads::cpu(1));
        let register = Command::Register { workload, criticality, demand };
        match self.say(register, CLAIM_MAX).await.map(|decided| decided.outcome) {
            Ok(Err(Refusal::NotHolder { holder, .. })) => Err(holder),
            _ => Ok(()),
        }
    }
}
