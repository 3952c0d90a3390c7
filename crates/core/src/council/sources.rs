//! Is the source of a move still there? It shows that as holders do, by renewing its leases, though
//! it may hold nothing any more.
//!
//! Nothing goes back to a source that is gone: it could serve nothing, and whoever takes over from it
//! would have to wait for its lease once more. What its destination has, stays there, as if it had
//! been taken over; what its destination does not have yet can be taken over.

use crate::council::acting::TICKS_MIN;
use crate::council::ending::end;
use crate::council::grant::grant;
use crate::council::movement::{Phase, Source};
use crate::council::moving::{back, named, watch};
use crate::council::proposal::{Outcome, Trouble};
use crate::council::state::State;
use crate::council::words::{Epoch, ProposalId};
use crate::time::{Instant, Span};

/// A step outlasts so many ticks, so that it is not overdue as soon as those go on who stood still.
const STEP_TICKS_MIN: u64 = 4;

/// Time went on from `before`. A jump is no proof that anybody had that time: the lease of a source
/// goes on by no more than a part of one, and the time for a step by no more than a part of that.
pub fn pass(state: &mut State, before: Instant) {
    let (now, rules) = (state.now, &state.rules);
    if !rules.heeds_sources() {
        return;
    }
    let skipped =
        |whole: Span, ticks: u64| now.since(before) - Span::from_nanos(whole.nanos() / ticks);
    let of_lease = skipped(rules.lease, TICKS_MIN);
    let of_step = skipped(rules.step, STEP_TICKS_MIN);
    for open in state.open.values_mut() {
        let Some(movement) = &mut open.movement else { continue };
        if movement.due > before {
            movement.due = movement.due + of_step;
        }
        let Source::Until(until) = &mut movement.source else { continue };
        if *until > before {
            *until = *until + of_lease;
        }
        if state.members.get(&open.filing.source).is_some_and(|of| of.has_renewed) {
            *until = (*until).max(now + rules.lease);
        }
    }
}

/// Moves go on without those sources whose leases have run out.
pub fn go_on_without(state: &mut State) {
    let mut gone = Vec::new();
    for (id, open) in &mut state.open {
        let Some(movement) = &mut open.movement else { continue };
        if matches!(movement.source, Source::Until(until) if until <= state.now) {
            movement.source = Source::Gone;
            gone.push((*id, movement.phase, movement.epoch));
        }
    }
    for (id, phase, epoch) in gone {
        go_on(state, id, phase, epoch);
    }
}

fn go_on(state: &mut State, id: ProposalId, phase: Phase, epoch: Epoch) {
    match phase {
        Phase::Starting | Phase::Proving => back(state, id, Trouble::SourceGone),
        // Traffic goes to the destination as before, and nobody is there to drain.
        Phase::Shifting(_) | Phase::Watching { .. } => {}
        Phase::Draining => watch(state, id, epoch),
        Phase::Returning(_) => {
            // It runs at the destination still.
            let workloads = named(state, id);
            let destination = state.open.get(&id).map(|open| open.filing.destination);
            destination.map(|destination| grant(state, &workloads, destination));
            end(state, id, Outcome::Failed(Trouble::SourceGone));
        }
    }
}
