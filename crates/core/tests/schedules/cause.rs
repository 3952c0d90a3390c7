//! Why a site of a schedule wants a workload to move.

use swell_core::council::book::Subject;
use swell_core::council::proposal::Cause;
use swell_core::council::state::State;
use swell_core::council::words::{Metric, Slot};
use swell_core::ids::SiteId;

/// A cause that this site committed to, if it committed to one.
pub(crate) fn overload(state: &State, me: SiteId, source: SiteId) -> Option<Cause> {
    let subject = Subject { target: source, metric: Metric::Cpu };
    let now = state.slot();
    let is_overload = |slot: &Slot| {
        let band = state.book.band(me, subject, *slot);
        band.is_some_and(|band| band.high_ppm > state.rules.limit_ppm)
    };
    let slot = (now.0..now.0 + 12).map(Slot).find(is_overload)?;
    Some(Cause::Overload { metric: Metric::Cpu, slot })
}
