//! Why a site of a schedule wants a workload to move.

use swell_core::council::book::Subject;
use swell_core::council::entry::Command;
use swell_core::council::maintenance::Window;
use swell_core::council::proposal::Cause;
use swell_core::council::state::State;
use swell_core::council::words::{Metric, Slot};
use swell_core::ids::SiteId;
use swell_core::rng::{Rng, below};

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

/// The maintenance that a site announced, if it did.
pub(crate) fn maintained(state: &State, source: SiteId) -> Cause {
    let next = state.maintenance.next_down(source, state.slot());
    next.map_or(Cause::Order, |window| Cause::Maintenance { slot: window.from })
}

/// It announces that nothing of it is left for some slots, or calls that off.
pub(crate) fn maintenance(state: &State, rng: &mut Rng) -> Command {
    let from = state.slot().plus(below(rng, 6));
    let window = Window { from, until: from.plus(3), left_ppm: 0 };
    Command::Maintain { windows: vec![window; below(rng, 2) as usize] }
}
