//! What becomes of workloads before their site fails: where one has failed again and again of
//! late and is there still, those who watch it propose that others take over while they can.

use swell_core::council::judge::FAILING_PPM;
use swell_core::council::proposal::{Cause, Filing, Outcome, Rollback};
use swell_core::council::propose::Temper;
use swell_core::council::state::State;
use swell_core::council::together::Joined;
use swell_core::council::words::{Metric, Slot};
use swell_core::ids::SiteId;

use crate::evacuation::Evacuation;
use crate::monitor::Monitor;
use crate::statements::watched;

/// After others said no, so many slots go by before it is proposed again.
const PAUSE_SLOTS: u64 = 6;

/// What a site proposes for itself and for those it watches.
pub fn proposals(
    (state, joined): (&State, &Joined),
    monitor: &Monitor,
    me: SiteId,
    is_there: &dyn Fn(SiteId) -> bool,
    temper: &Temper,
) -> Vec<Filing> {
    let chance = |site: SiteId| (monitor.chance_of_failure(site) * 1e6) as u32;
    // Who did not answer in the last slot may be gone, and could not hand over anything.
    let answers = |site: SiteId| monitor.seen_ppm(state, site, Metric::Cpu).is_some();
    let failing = watched(state, me).into_iter().filter(|site| {
        let is_up = is_there(*site) && answers(*site);
        chance(*site) >= FAILING_PPM && is_up && !is_paused(state, *site)
    });
    let may_take = |site: SiteId| is_there(site) && chance(site) < FAILING_PPM / 2;
    let filings = failing.flat_map(|source| {
        let cause = Cause::SourceFailing { chance_ppm: chance(source) };
        let (rollback, window_slots) = (Rollback::ToSource, temper.window_slots);
        let evacuation = Evacuation { source, cause, rollback, window_slots };
        evacuation.filings((state, joined), &|_| true, &may_take)
    });
    filings.collect()
}

fn is_paused(state: &State, source: SiteId) -> bool {
    state.ended.values().any(|ended| {
        let filing = &ended.proposal.filing;
        ended.outcome == Outcome::Rejected
            && filing.source == source
            && matches!(filing.cause, Cause::SourceFailing { .. })
            && Slot::of(ended.at, state.rules.slot).plus(PAUSE_SLOTS) >= state.slot()
    })
}
