//! How full will a site be? What it said of itself, and what was promised to it since.
//!
//! A forecast is made without the moves that were agreed on afterwards. So each move counts
//! at its destination from its approval until forecasts must know of it; else many sites
//! would choose the same destination at once. What leaves a site is not taken off: nobody
//! should rely on room that a move has yet to make.

use crate::council::book::Subject;
use crate::council::movement::Phase;
use crate::council::refusal::Refusal;
use crate::council::state::{Proposal, State};
use crate::council::words::{Loads, Metric, Slot, WorkloadId};
use crate::ids::SiteId;

/// What was promised to a site and is not in its forecasts yet.
pub fn promised(state: &State, site: SiteId) -> Loads {
    let goes_there = |proposal: &&Proposal| match proposal.movement.map(|movement| movement.phase) {
        None => false,
        Some(Phase::Returning(_)) => proposal.filing.source == site,
        Some(Phase::Watching { from, .. }) if state.slot() > from.plus(state.rules.lead_slots) => {
            false
        }
        Some(_) => proposal.filing.destination == site,
    };
    let open = state.open.values().filter(goes_there);
    let moving = open.flat_map(|proposal| proposal.filing.workloads.keys().copied());
    let settling = state.settling.iter().filter(|settling| settling.destination == site);
    demand(state, moving.chain(settling.map(|settling| settling.workload)))
}

/// What workloads take together.
pub fn demand(state: &State, workloads: impl Iterator<Item = WorkloadId>) -> Loads {
    let demands = workloads.filter_map(|workload| state.workloads.get(&workload));
    demands.fold(Loads::default(), |sum, workload| sum.plus(workload.demand))
}

/// How full a site will be at most until a slot, with what was promised: by the upper
/// quantile of its own committed forecast, else by what was last agreed on.
pub fn predicted_ppm(state: &State, site: SiteId, metric: Metric, until: Slot) -> Option<u32> {
    let member = state.members.get(&site)?;
    let subject = Subject { target: site, metric };
    let forecast = state.book.peak(site, subject, state.slot(), until).map(|band| band.high_ppm);
    let seen = || state.book.last_truth(subject, state.slot());
    let own = forecast.or_else(seen).unwrap_or(0);
    let promised = promised(state, site).share_ppm(metric, &member.capacity);
    Some(own.saturating_add(promised))
}

/// Refuses what does not fit at a site on top of all that is predicted for it.
pub fn fits(state: &State, site: SiteId, more: &Loads, until: Slot) -> Result<(), Refusal> {
    let member = state.members.get(&site).ok_or(Refusal::NotMember(site))?;
    for metric in Metric::ALL {
        let share = more.share_ppm(metric, &member.capacity);
        let before = predicted_ppm(state, site, metric, until).unwrap_or(0);
        let would_be_ppm = before.saturating_add(share);
        if share > 0 && would_be_ppm > state.rules.limit_ppm {
            return Err(Refusal::DestinationFull { metric, would_be_ppm });
        }
    }
    Ok(())
}
