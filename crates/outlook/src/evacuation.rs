//! Emptying a site: each of its workloads, those that matter most first, to where it fits. Those that
//! are joined go together, if there is a site for all of them.

use swell_core::council::filing::through;
use swell_core::council::load::{demand, fits, predicted_ppm};
use swell_core::council::movement::Phase;
use swell_core::council::proposal::{Cause, Condition, Criterion, Filing, Rollback};
use swell_core::council::state::State;
use swell_core::council::together::Joined;
use swell_core::council::ways::away_ppm;
use swell_core::council::words::{Metric, Mode, WorkloadId};
use swell_core::council::workload::Workload;
use swell_core::ids::SiteId;

/// How many workloads of a site are proposed at a time.
const AT_A_TIME: usize = 4;
/// Slots until it must be decided.
const WITHIN_SLOTS: u64 = 2;

/// A site that is to be emptied.
#[derive(Debug, Clone, Copy)]
pub struct Evacuation {
    /// Which.
    pub source: SiteId,
    /// Why.
    pub cause: Cause,
    /// What happens to a workload that is not well where it went.
    pub rollback: Rollback,
    /// Over how many slots it is looked whether it is.
    pub window_slots: u64,
}

impl Evacuation {
    /// The next proposals: of workloads that may go, to sites that may take them.
    pub fn filings(
        &self,
        (state, joined): (&State, &Joined),
        may_go: &dyn Fn(&Workload) -> bool,
        may_take: &dyn Fn(SiteId) -> bool,
    ) -> Vec<Filing> {
        let is_open = |id: &WorkloadId| {
            state.open.values().any(|open| {
                let phase = open.movement.map(|movement| movement.phase);
                open.filing.workloads.contains_key(id)
                    && !matches!(phase, Some(Phase::Watching { .. }))
            })
        };
        let goes = |(id, of): &(&WorkloadId, &Workload)| {
            of.authority.holder == self.source
                && of.rests_until <= state.now
                && state.mode_of(**id) != Mode::Off
                && state.transit(**id).is_none()
                && !is_open(id)
                && may_go(of)
        };
        let mut going: Vec<_> = state.workloads.iter().filter(goes).collect();
        going.sort_by_key(|(id, of)| (std::cmp::Reverse(of.criticality), **id));
        let ids: Vec<WorkloadId> = going.iter().map(|(id, _)| **id).collect();
        let mut gone: Vec<WorkloadId> = Vec::new();
        let mut filings = Vec::new();
        for id in &ids {
            if gone.contains(id) {
                continue;
            }
            let group = joined.group(state, *id);
            let is_whole = group.iter().all(|id| ids.contains(id));
            let whole = Some(group).filter(|group| is_whole && group.len() > 1);
            let whole = whole.and_then(|group| self.somewhere(state, &group, may_take));
            let filed = whole.or_else(|| self.somewhere(state, &[*id], may_take));
            gone.extend(filed.iter().flat_map(|filing| filing.workloads.keys().copied()));
            filings.extend(filed);
            if filings.len() == AT_A_TIME {
                break;
            }
        }
        filings
    }

    /// A proposal to where the workloads fit, and most room is left.
    fn somewhere(
        &self,
        state: &State,
        ids: &[WorkloadId],
        may_take: &dyn Fn(SiteId) -> bool,
    ) -> Option<Filing> {
        let wanted = demand(state, ids.iter().copied());
        let others = state.members.keys().copied();
        let others = others.filter(|site| *site != self.source && may_take(*site));
        let fitting = others.filter(|site| {
            let filing = self.filing(state, ids, *site);
            fits(state, *site, &wanted, through(state, &filing)).is_ok()
        });
        let full = |site: &SiteId| {
            let there = predicted_ppm(state, *site, Metric::Cpu, state.slot()).unwrap_or(0);
            (there.saturating_add(away_ppm(state, self.source, *site)), *site)
        };
        fitting.min_by_key(full).map(|site| self.filing(state, ids, site))
    }

    fn filing(&self, state: &State, ids: &[WorkloadId], destination: SiteId) -> Filing {
        let epoch = |id: &WorkloadId| Some((*id, state.workloads.get(id)?.authority.epoch));
        let at_most_ppm = state.rules.limit_ppm;
        Filing {
            workloads: ids.iter().filter_map(epoch).collect(),
            source: self.source,
            destination,
            deadline: state.now + state.rules.slot * WITHIN_SLOTS,
            cause: self.cause,
            criterion: Criterion {
                conditions: vec![Condition { site: destination, metric: Metric::Cpu, at_most_ppm }],
                window_slots: self.window_slots,
                samples_min: 1,
            },
            rollback: self.rollback,
        }
    }
}
