//! What was, slot by slot, as far as a site has seen it: who had authority over what, how full sites
//! were, and how full they would have been with workloads elsewhere.

use std::collections::BTreeMap;

use swell_core::council::proposal::Outcome;
use swell_core::council::state::State;
use swell_core::council::words::{Metric, Slot, WorkloadId};
use swell_core::ids::SiteId;
use swell_core::time::Instant;
use swell_outlook::history::Source;
use swell_outlook::monitor::Monitor;
use swell_outlook::quantiles::share_ppm;
use swell_outlook::sums::{Amounts, plus};

/// How full sites are in a slot, in parts per million of what they can bear.
pub type Fills = BTreeMap<(SiteId, Metric), u32>;

/// What was.
pub struct Past<'a> {
    state: &'a State,
    monitor: &'a Monitor,
    /// Moves that were done, with their source, the latest first.
    moved: Vec<(Instant, WorkloadId, SiteId)>,
}

impl<'a> Past<'a> {
    /// As this site remembers it.
    pub fn new(state: &'a State, monitor: &'a Monitor) -> Self {
        let done = state.ended.values().filter(|ended| ended.outcome == Outcome::Done);
        let moves = done.flat_map(|ended| {
            let filing = &ended.proposal.filing;
            filing.workloads.keys().map(|workload| (ended.at, *workload, filing.source))
        });
        let mut moved: Vec<_> = moves.collect();
        moved.sort_by_key(|(at, ..)| std::cmp::Reverse(*at));
        Self { state, monitor, moved }
    }

    /// Who had authority over a workload when a slot was over.
    pub fn holder(&self, workload: WorkloadId, slot: Slot) -> Option<SiteId> {
        let end = slot.end(self.state.rules.slot);
        let now = self.state.workloads.get(&workload)?.authority.holder;
        let later = self.moved.iter().take_while(|(at, ..)| *at > end);
        let of_it = later.filter(|(_, moved, _)| *moved == workload);
        Some(of_it.last().map_or(now, |(.., source)| *source))
    }

    /// Whether nobody could measure a site in a slot.
    pub fn is_lost(&self, site: SiteId, slot: Slot) -> bool {
        self.monitor.used(Source::Rest(site), slot).is_none()
    }

    /// How full sites were, and would have been with workloads moved from one to another; nothing
    /// of a slot that was not measured.
    pub fn fills(
        &self,
        slot: Slot,
        gone: &BTreeMap<WorkloadId, (SiteId, SiteId)>,
    ) -> Option<(Fills, Fills)> {
        let mut came: BTreeMap<SiteId, Amounts> = BTreeMap::new();
        let mut is_measured = false;
        for site in self.state.members.keys() {
            let rest = self.monitor.used(Source::Rest(*site), slot);
            is_measured |= rest.is_some();
            came.insert(*site, rest.unwrap_or_default());
        }
        let mut would = came.clone();
        for workload in self.state.workloads.keys() {
            let (source, moved) = (Source::Workload(*workload), gone.get(workload));
            let Some(used) = self.monitor.used(source, slot) else {
                // What was served nowhere would have taken where it went what it took before.
                let to = moved.and_then(|(_, to)| would.get_mut(to));
                if let (Some(load), Some(used)) = (to, self.monitor.last_used(source, slot)) {
                    *load = plus(*load, used);
                }
                continue;
            };
            is_measured = true;
            let Some(holder) = self.holder(*workload, slot) else { continue };
            let other = moved.map_or(holder, |(_, to)| *to);
            for (loads, site) in [(&mut came, holder), (&mut would, other)] {
                if let Some(load) = loads.get_mut(&site) {
                    *load = plus(*load, used);
                }
            }
        }
        is_measured.then(|| (self.shares(&came), self.shares(&would)))
    }

    /// How many calls of workloads come in a slot.
    pub fn usual_calls<'b>(&self, workloads: impl Iterator<Item = &'b WorkloadId>) -> u64 {
        workloads.map(|it| self.monitor.quality().usual_calls(*it)).sum()
    }

    fn shares(&self, loads: &BTreeMap<SiteId, Amounts>) -> Fills {
        let mut fills = Fills::new();
        for (site, load) in loads {
            let Some(member) = self.state.members.get(site) else { continue };
            for metric in Metric::ALL {
                let full = share_ppm(load[metric as usize], member.capacity.of(metric));
                fills.extend(full.map(|full| ((*site, metric), full)));
            }
        }
        fills
    }

    /// MiB that a workload held in a slot, if it was measured.
    pub fn memory(&self, workload: WorkloadId, slot: Slot) -> u64 {
        let used = self.monitor.used(Source::Workload(workload), slot);
        used.map_or(0, |used| used[Metric::Memory as usize].ceil() as u64)
    }
}
