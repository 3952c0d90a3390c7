//! How full may a destination get by a move, and for how long must it have that room?
//!
//! Up to the limit, as a rule. What its site can serve no more, because it is lost or will be down,
//! is served nowhere else: what is critical of that goes to the best place there is, however full
//! it gets, as long as it has the memory.

use crate::council::arrival::needed;
use crate::council::load::{demand, fits_below};
use crate::council::proposal::{Cause, Filing};
use crate::council::refusal::Refusal;
use crate::council::state::State;
use crate::council::words::{Criticality, Metric, Slot, WHOLE_PPM};

/// The last slot for which the destination must have room: that of its check, which begins when
/// it was decided or, where that is later, in the slot that the move is for.
pub fn through(state: &State, filing: &Filing) -> Slot {
    let decided = Slot::of(filing.deadline, state.rules.slot);
    let needed = needed(filing).filter(|_| state.rules.takes_turns()).unwrap_or(decided);
    decided.max(needed).plus(filing.criterion.window_slots)
}

/// Above this a destination would be too full of a metric, in parts per million of what it has left.
pub fn bar_ppm(state: &State, filing: &Filing, metric: Metric) -> u32 {
    let has_critical = || {
        let mut known = filing.workloads.keys().filter_map(|id| state.workloads.get(id));
        known.any(|of| of.criticality == Criticality::Critical)
    };
    let is_pressing = state.rules.saves_first()
        && matches!(filing.cause, Cause::SourceLost | Cause::Maintenance { .. })
        && has_critical();
    match metric {
        _ if !is_pressing => state.rules.limit_ppm,
        Metric::Memory => WHOLE_PPM,
        _ => u32::MAX,
    }
}

/// Refuses a move that its destination has no room for.
pub fn has_room(state: &State, filing: &Filing) -> Result<(), Refusal> {
    let wanted = demand(state, filing.workloads.keys().copied());
    let bar = |metric| bar_ppm(state, filing, metric);
    fits_below(state, filing.destination, &wanted, through(state, filing), bar)
}
