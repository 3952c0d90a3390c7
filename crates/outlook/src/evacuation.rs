//! Emptying a site: each of its workloads, those that matter most first, to where it fits. Those that
//! are joined go together, if there is a site for all of them.

use swell_core::council::arrival::decided_by;
use swell_core::council::distance::away_ppm;
use swell_core::council::filing::rests;
use swell_core::council::load::{demand, fits, predicted_ppm};
use swell_core::council::maintenance::{of_left, of_whole};
use swell_core::council::movement::Phase;
use swell_core::council::proposal::{Cause, Condition, Criterion, Filing, Outcome, Rollback};
use swell_core::council::refusal::Refusal;
use swell_core::council::remembering::{as_taken_back, failed_lately};
use swell_core::council::room::{has_room, through};
use swell_core::council::state::{Ended, State};
use swell_core::council::together::Joined;
use swell_core::council::words::{Metric, Mode, Slot, WorkloadId};
use swell_core::council::workload::Workload;
use swell_core::ids::SiteId;

/// How many workloads of a site are proposed at a time.
pub const AT_A_TIME: usize = 4;
/// Slots until it must be decided, where nothing says otherwise.
const WITHIN_SLOTS: u64 = 2;
/// In shadow mode nothing leaves a site that fails: so many slots go by before it is proposed again.
const SHADOW_SLOTS: u64 = 6;

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

/// A workload that should leave a site, and that fits nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stranded {
    /// Which.
    pub workload: WorkloadId,
    /// Where it is.
    pub source: SiteId,
    /// Why it has to leave.
    pub cause: Cause,
    /// The site with the most room and why it does not go there; nothing where no other one is there.
    pub nearly: Option<(SiteId, Refusal)>,
}

impl Evacuation {
    /// The next proposals: of workloads that may go, to sites that may take them.
    pub fn filings(
        &self,
        (state, joined): (&State, &Joined),
        may_go: &dyn Fn(&Workload) -> bool,
        may_take: &dyn Fn(SiteId) -> bool,
    ) -> Vec<Filing> {
        let ids = self.going(state, may_go);
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

    /// Workloads that should go, and that no site has room for.
    pub fn stranded(
        &self,
        state: &State,
        may_go: &dyn Fn(&Workload) -> bool,
        may_take: &dyn Fn(SiteId) -> bool,
    ) -> Vec<Stranded> {
        let ids = self.going(state, may_go).into_iter();
        let stranded = ids.filter(|id| self.somewhere(state, &[*id], may_take).is_none());
        let told = |workload: WorkloadId| {
            let nearest =
                self.others(state, &[workload], may_take).min_by_key(|it| self.rank(state, it));
            let failed = |it: &Filing| {
                let lately = failed_lately(state, it, workload);
                lately.then_some(Refusal::FailedLately(workload))
            };
            let nearly = nearest.and_then(|it| {
                let why = has_room(state, &it).err().or_else(|| failed(&it))?;
                Some((it.destination, why))
            });
            Stranded { workload, source: self.source, cause: self.cause, nearly }
        };
        stranded.map(told).collect()
    }

    /// What should go and is not on its way, what matters most first.
    fn going(&self, state: &State, may_go: &dyn Fn(&Workload) -> bool) -> Vec<WorkloadId> {
        let is_open = |id: &WorkloadId| {
            state.open.values().any(|open| {
                let phase = open.movement.map(|movement| movement.phase);
                open.filing.workloads.contains_key(id)
                    && !matches!(phase, Some(Phase::Watching { .. }))
            })
        };
        let goes = |(id, of): &(&WorkloadId, &Workload)| {
            of.authority.holder == self.source
                && (of.rests_until <= state.now || !rests(state, self.cause))
                && state.mode_of(**id) != Mode::Off
                && state.transit(**id).is_none()
                && !is_open(id)
                && !self.was_shadowed(state, **id, of)
                && may_go(of)
        };
        let mut going: Vec<_> = state.workloads.iter().filter(goes).collect();
        going.sort_by_key(|(id, of)| (std::cmp::Reverse(of.criticality), **id));
        going.into_iter().map(|(id, _)| *id).collect()
    }

    /// Whether the same was approved in shadow mode already, for the same loss or maintenance:
    /// nothing moved, and nothing is to be learned by saying it again.
    fn was_shadowed(&self, state: &State, id: WorkloadId, of: &Workload) -> bool {
        let is_same_cause = |ended: &Ended| match (ended.proposal.filing.cause, self.cause) {
            // A site that was back has renewed its leases.
            (Cause::SourceLost, Cause::SourceLost) => ended.at >= of.authority.lease_until,
            (Cause::Maintenance { slot: then }, Cause::Maintenance { slot }) => then == slot,
            (Cause::SourceFailing { .. }, Cause::SourceFailing { .. }) => {
                Slot::of(ended.at, state.rules.slot).plus(SHADOW_SLOTS) >= state.slot()
            }
            _ => false,
        };
        state.mode_of(id) == Mode::Shadow
            && state.ended.values().any(|ended| {
                let filing = &ended.proposal.filing;
                ended.outcome == Outcome::Shadow
                    && filing.source == self.source
                    && filing.workloads.get(&id) == Some(&of.authority.epoch)
                    && is_same_cause(ended)
            })
    }

    /// A proposal to where the workloads fit, and most room is left.
    fn somewhere(
        &self,
        state: &State,
        ids: &[WorkloadId],
        may_take: &dyn Fn(SiteId) -> bool,
    ) -> Option<Filing> {
        let is_new = |filing: &Filing| {
            ids.iter().all(|id| {
                let new = as_taken_back(state, filing, *id, 0);
                !failed_lately(state, filing, *id)
                    && !state.taken_back.iter().any(|old| old.is_same(&new, state.rules.cause_ppm))
            })
        };
        let fitting = self.others(state, ids, may_take);
        let fitting = fitting.filter(|filing| has_room(state, filing).is_ok() && is_new(filing));
        fitting.min_by_key(|filing| self.rank(state, filing))
    }

    /// The move to each site that may take part in it.
    fn others<'a>(
        &'a self,
        state: &'a State,
        ids: &'a [WorkloadId],
        may_take: &'a dyn Fn(SiteId) -> bool,
    ) -> impl Iterator<Item = Filing> + 'a {
        let others = state.members.keys().copied();
        let others = others.filter(|site| *site != self.source && may_take(*site));
        others.map(|site| self.filing(state, ids, site))
    }

    /// Those that stay below the limit come first, then those with the most room.
    fn rank(&self, state: &State, filing: &Filing) -> (bool, u32, SiteId) {
        let site = filing.destination;
        let wanted = demand(state, filing.workloads.keys().copied());
        let is_above = fits(state, site, &wanted, through(state, filing)).is_err();
        let there = predicted_ppm(state, site, Metric::Cpu, state.slot()).unwrap_or(0);
        (is_above, there.saturating_add(away_ppm(state, self.source, site)), site)
    }

    fn filing(&self, state: &State, ids: &[WorkloadId], destination: SiteId) -> Filing {
        let epoch = |id: &WorkloadId| Some((*id, state.workloads.get(id)?.authority.epoch));
        let deadline = match self.cause {
            Cause::Maintenance { slot } => decided_by(state, slot),
            _ => state.now + state.rules.slot * WITHIN_SLOTS,
        };
        let mut filing = Filing {
            workloads: ids.iter().filter_map(epoch).collect(),
            source: self.source,
            destination,
            deadline,
            cause: self.cause,
            criterion: Criterion {
                conditions: Vec::new(),
                window_slots: self.window_slots,
                samples_min: 1,
            },
            rollback: self.rollback,
        };
        // What goes to where there is no room below the limit has helped if that gets no fuller
        // than was reckoned with.
        let (metric, through) = (Metric::Cpu, through(state, &filing));
        let left = state.maintenance.least_ppm(destination, state.slot(), through);
        let capacity = state.members.get(&destination).map(|member| member.capacity);
        let wanted = demand(state, ids.iter().copied());
        let share = of_left(wanted.share_ppm(metric, &capacity.unwrap_or_default()), left);
        let there = predicted_ppm(state, destination, metric, through).unwrap_or(0);
        let at_most_ppm = of_whole(state.rules.limit_ppm.max(there.saturating_add(share)), left);
        filing.criterion.conditions = vec![Condition { site: destination, metric, at_most_ppm }];
        filing
    }
}
