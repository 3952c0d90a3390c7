//! What a site says in the log once a slot is over: what it saw, what its workloads take, what it
//! expects, and what it proposes.

use std::collections::BTreeMap;

use swell_core::council::entry::Command;
use swell_core::council::propose::{Temper, propose};
use swell_core::council::state::State;
use swell_core::council::together::Joined;
use swell_core::council::words::{Criticality, Loads, Metric, WorkloadId};
use swell_core::ids::SiteId;

use crate::monitor::Monitor;

/// How many sites besides itself a site watches: so many that two who lie together are outvoted on
/// what any site used.
const WATCHED: usize = 4;
/// How many of them it forecasts: so many that neither a liar nor one that drifts is the only other
/// voice about a site.
const FORECAST: usize = 2;

/// A demand is told anew when it changed by more than one in so many.
const CHANGED: u64 = 10;

/// A site and those that follow it in the circle of members: whom it watches.
fn circle(state: &State, me: SiteId, others: usize) -> Vec<SiteId> {
    let members: Vec<SiteId> = state.members.keys().copied().collect();
    let Some(place) = members.iter().position(|site| *site == me) else { return Vec::new() };
    let len = members.len();
    (0..len.min(others + 1)).map(|step| members[(place + step) % len]).collect()
}

/// A site itself and those that it forecasts.
pub fn watched(state: &State, me: SiteId) -> Vec<SiteId> {
    circle(state, me, FORECAST)
}

fn limited(state: &State, site: SiteId) -> impl Iterator<Item = Metric> {
    let capacity = state.members.get(&site).map(|member| member.capacity).unwrap_or_default();
    Metric::ALL.into_iter().filter(move |metric| capacity.of(*metric) > 0)
}

/// What was seen in the slot that is over, of the site itself and of those it watches.
pub fn observations(state: &State, monitor: &Monitor, me: SiteId) -> Vec<Command> {
    let slot = monitor.slot();
    let mut said = Vec::new();
    for target in circle(state, me, WATCHED) {
        for metric in limited(state, target) {
            if let Some(value_ppm) = monitor.seen_ppm(state, target, metric) {
                said.push(Command::Observe { target, metric, slot, value_ppm });
            }
        }
    }
    said
}

/// What is expected of the site itself and of those that follow it.
pub fn forecasts(state: &State, monitor: &Monitor, me: SiteId) -> Vec<Command> {
    let first = state.slot().plus(state.rules.lead_slots);
    let mut said = Vec::new();
    for target in watched(state, me) {
        for metric in limited(state, target) {
            let bands = monitor.bands(state, target, metric);
            if !bands.is_empty() {
                said.push(Command::Forecast { target, metric, first, bands });
            }
        }
    }
    said
}

/// What its workloads are and take: new ones, those whose demand changed, and those that are no
/// more. `here` is what is deployed here.
pub fn workloads(
    state: &State,
    monitor: &Monitor,
    me: SiteId,
    here: &BTreeMap<WorkloadId, Criticality>,
) -> Vec<Command> {
    let mut said = Vec::new();
    for (workload, criticality) in here {
        let (workload, criticality) = (*workload, *criticality);
        let Loads(mut amounts) = monitor.demand(workload);
        amounts[0] = amounts[0].max(1);
        let demand = Loads(amounts);
        let is_news = match state.workloads.get(&workload) {
            None => true,
            Some(known) => {
                let differs =
                    |(old, new): (&u64, &u64)| old.abs_diff(*new) > (*old).max(*new) / CHANGED;
                let is_other = known.demand.0.iter().zip(&demand.0).any(differs);
                known.authority.holder == me && (is_other || known.criticality != criticality)
            }
        };
        if is_news {
            said.push(Command::Register { workload, criticality, demand });
        }
    }
    for (workload, known) in &state.workloads {
        let is_gone = known.authority.holder == me && !here.contains_key(workload);
        if is_gone && state.transit(*workload).is_none() {
            said.push(Command::Retire { workload: *workload });
        }
    }
    said
}

/// What the site proposes, for itself and for those that follow it.
pub fn proposals(state: &State, me: SiteId, joined: &Joined, temper: &Temper) -> Vec<Command> {
    let sources = watched(state, me).into_iter();
    let filings = sources.filter_map(|source| propose(state, (me, joined), source, temper));
    filings.map(|filing| Command::Propose(Box::new(filing))).collect()
}
