//! What a site expects while it looks at a state: by this it votes.

use swell_core::council::judge::Outlook;
use swell_core::council::maintenance::of_left;
use swell_core::council::state::State;
use swell_core::council::words::{Metric, Slot, WorkloadId};
use swell_core::ids::SiteId;
use swell_forecast::bands::{HIGH, MEDIAN};

use crate::monitor::{Monitor, SLOTS_MAX};
use crate::quantiles::share_ppm;

/// What a site expects while it looks at a state.
pub struct View<'a> {
    /// What it knows.
    pub monitor: &'a Monitor,
    /// What was decided.
    pub state: &'a State,
}

impl Outlook for View<'_> {
    fn peak_ppm(&self, site: SiteId, metric: Metric, through: Slot) -> Option<u32> {
        let Self { monitor, state } = *self;
        let capacity = state.members.get(&site)?.capacity.of(metric);
        if monitor.knows_nothing() {
            return None;
        }
        let slots = (through.0.saturating_sub(state.slot().0) + 1).min(SLOTS_MAX as u64);
        let loads = monitor.load(state, site, metric, state.slot(), slots as usize);
        let shares = (0..).zip(&loads).filter_map(|(ahead, load)| {
            let left = state.maintenance.left_ppm(site, state.slot().plus(ahead));
            Some(of_left(share_ppm(load[HIGH], capacity)?, left))
        });
        shares.max()
    }

    /// By the middle of what is expected, and what is announced of the site.
    fn share_ppm(
        &self,
        workload: WorkloadId,
        site: SiteId,
        metric: Metric,
        through: Slot,
    ) -> Option<u32> {
        let Self { monitor, state } = *self;
        let capacity = state.members.get(&site)?.capacity.of(metric);
        let slots = through.0.saturating_sub(monitor.slot().0).max(1) as usize;
        let steps = monitor.curve(workload, metric);
        let steps = monitor.of_site(site, monitor.slot().plus(1), steps.to_vec());
        steps.iter().take(slots).filter_map(|step| share_ppm(step[MEDIAN], capacity)).max()
    }

    fn failure_ppm(&self, site: SiteId) -> Option<u32> {
        Some((self.monitor.chance_of_failure(site) * 1e6) as u32)
    }
}
