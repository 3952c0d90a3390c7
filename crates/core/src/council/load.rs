//! How full will a site be? What was forecast of it, and what was promised to it since.
//!
//! A forecast is made without the moves that were agreed on afterwards. So each move counts
//! at its destination from its approval until forecasts must know of it; else many sites
//! would choose the same destination at once. What leaves a site is not taken off: nobody
//! should rely on room that a move has yet to make.

use crate::council::book::Subject;
use crate::council::committed::{coming, leaving, written};
use crate::council::early_scoring::earned;
use crate::council::maintenance::of_left;
use crate::council::movement::Phase;
use crate::council::refusal::Refusal;
use crate::council::rules::Counting;
use crate::council::state::{Proposal, State};
use crate::council::words::{Loads, Metric, Slot, WorkloadId};
use crate::ids::SiteId;
use crate::time::Instant;

/// What was promised to a site and is not in forecasts of it that were written at a moment.
pub fn promised(state: &State, site: SiteId, since: Instant) -> Loads {
    if state.rules.counts_committed() {
        return demand(state, coming(state, site, since));
    }
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

/// How full a site will be at most until a slot, with what was promised: by those who
/// committed themselves to a forecast of it, else by what was last agreed on. As a share of what
/// maintenance leaves of it meanwhile.
pub fn predicted_ppm(state: &State, site: SiteId, metric: Metric, until: Slot) -> Option<u32> {
    let member = state.members.get(&site)?;
    let (subject, now) = (Subject { target: site, metric }, state.slot());
    let seen = || state.book.last_truth(subject, now);
    let with_promised = |own: u32, since| {
        let promised = promised(state, site, since).share_ppm(metric, &member.capacity);
        own.saturating_add(promised)
    };
    let last = until.min(now.plus(state.rules.horizon_slots));
    let whole = match state.rules.counts_committed() {
        true => (now.0..=last.0)
            .map(Slot)
            .filter_map(|slot| {
                let own = forecast_ppm(state, subject, slot, slot)?;
                Some(with_promised(own, written(state, slot)))
            })
            .max(),
        false => forecast_ppm(state, subject, now, until).map(|own| with_promised(own, state.now)),
    };
    let whole =
        whole.unwrap_or_else(|| with_promised(seen().unwrap_or(0), now.begin(state.rules.slot)));
    let left = state.maintenance.least_ppm(site, now, until);
    Some(of_left(whole, left))
}

/// How full a site will be in a slot of what is forecast of it, once what is committed to leave it has
/// left. As forecasts, in parts per million of all that it bears.
pub fn relieved_ppm(
    state: &State,
    site: SiteId,
    metric: Metric,
    slot: Slot,
    forecast_ppm: u32,
) -> u32 {
    let Some(member) = state.members.get(&site) else { return forecast_ppm };
    if !state.rules.counts_committed() {
        return forecast_ppm;
    }
    let gone = demand(state, leaving(state, site, written(state, slot)));
    forecast_ppm.saturating_sub(gone.share_ppm(metric, &member.capacity))
}

/// The median of what was forecast as the peak, by the upper quantile, each weighing what the
/// forecaster has earned: so nobody can hide how full it is, or pretend to be.
fn forecast_ppm(state: &State, subject: Subject, from: Slot, until: Slot) -> Option<u32> {
    let mut said: Vec<(u32, u64)> = state
        .members
        .keys()
        .filter_map(|by| {
            let peak = state.book.peak(*by, subject, from, until)?.high_ppm;
            let earned = match state.rules.counting {
                Counting::Majority => 1,
                _ => earned(state, *by, subject.metric),
            };
            Some((peak, earned))
        })
        .collect();
    said.sort_unstable();
    let half = said.iter().map(|(_, weight)| weight).sum::<u64>() / 2;
    let mut below = 0;
    let median = said.iter().find(|(_, weight)| {
        below += weight;
        below > half
    });
    median.map(|(peak, _)| *peak)
}

/// Refuses what does not fit at a site on top of all that is predicted for it.
pub fn fits(state: &State, site: SiteId, more: &Loads, until: Slot) -> Result<(), Refusal> {
    fits_below(state, site, more, until, |_| state.rules.limit_ppm)
}

/// The same, where there is a bar for each metric.
pub fn fits_below(
    state: &State,
    site: SiteId,
    more: &Loads,
    until: Slot,
    bar_ppm: impl Fn(Metric) -> u32,
) -> Result<(), Refusal> {
    let member = state.members.get(&site).ok_or(Refusal::NotMember(site))?;
    let left = state.maintenance.least_ppm(site, state.slot(), until);
    if left == 0 {
        return Err(Refusal::DestinationDown(site));
    }
    for metric in Metric::ALL {
        let share = of_left(more.share_ppm(metric, &member.capacity), left);
        if share == 0 {
            continue;
        }
        let before = predicted_ppm(state, site, metric, until).unwrap_or(0);
        let would_be_ppm = before.saturating_add(share);
        if would_be_ppm > bar_ppm(metric) {
            return Err(Refusal::DestinationFull { metric, would_be_ppm });
        }
    }
    Ok(())
}
