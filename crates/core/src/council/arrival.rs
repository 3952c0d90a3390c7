//! When has a move done what it is for? Once all traffic has left its source; a move away from an
//! overload, or from maintenance, comes in time if that is before its slot begins.

use crate::council::movement::Phase;
use crate::council::proposal::{Cause, Filing};
use crate::council::state::{Proposal, State};
use crate::council::words::Slot;
use crate::time::{Instant, Span};

/// Of so many of the latest moves it is learned how long one takes.
const LEARNED_FROM: usize = 16;

/// What a start and the parts of the traffic take about, by which it is waited before there was any move.
const USUAL: Span = Span::from_mins(3);

/// When all traffic had left the source, if it has. It may have come back since.
pub fn arrived(proposal: &Proposal) -> Option<Instant> {
    let has_left = |phase: Phase| matches!(phase, Phase::Draining | Phase::Watching { .. });
    proposal.passed.iter().find(|step| has_left(step.phase)).map(|step| step.at)
}

/// The slot before which the traffic should have left; only forecasts and calendars name one.
pub fn needed(filing: &Filing) -> Option<Slot> {
    match filing.cause {
        Cause::Overload { slot, .. } | Cause::Maintenance { slot } => Some(slot),
        _ => None,
    }
}

/// How much too late the traffic left, with slots of that length; nothing where it was in time, or
/// has not left.
pub fn lateness(proposal: &Proposal, length: Span) -> Option<Span> {
    let (arrived, needed) = (arrived(proposal)?, needed(&proposal.filing)?.begin(length));
    (arrived > needed).then(|| arrived.since(needed))
}

/// How long a move takes from its approval until all traffic has left: as three of four of the latest
/// moves took at most; before there was any, a slot.
pub fn expected(state: &State) -> Span {
    learned(state).unwrap_or(state.rules.slot)
}

/// Whether so many moves for what a slot needs come in time if the first is proposed a slot later, one
/// in each slot, and each takes half as long again as expected, as one of four takes longer. What lies
/// further ahead is foreseen less well, so who need not propose yet waits: it may not come.
pub fn can_wait(state: &State, needed: Slot, moves: u64) -> bool {
    let length = state.rules.slot;
    let takes = learned(state).unwrap_or_else(|| USUAL.max(length));
    let takes = takes + Span::from_nanos(takes.nanos() / 2);
    needed.begin(length) >= soonest(state) + length * moves.max(1) + takes
}

/// Before this nothing that is proposed now is taken to be decided.
fn soonest(state: &State) -> Instant {
    state.now + Span::from_nanos(state.rules.slot.nanos() / 8)
}

/// How long moves take by the latest, if there were any.
fn learned(state: &State) -> Option<Span> {
    let took = |proposal: &Proposal| {
        let begun = proposal.passed.first()?.at;
        Some(arrived(proposal)?.since(begun))
    };
    let ended = state.ended.values().rev().map(|ended| &ended.proposal);
    let latest = state.open.values().rev().chain(ended).filter_map(took);
    let mut latest: Vec<Span> = latest.take(LEARNED_FROM).collect();
    latest.sort_unstable();
    let three_of_four = latest.len().saturating_sub(1) * 3 / 4;
    latest.get(three_of_four).copied()
}

/// When it must be decided that traffic leaves before a slot. Where that is too soon to vote, the
/// move will be late; for that it gets a slot's time, as late is better than never.
pub fn decided_by(state: &State, needed: Slot) -> Instant {
    let length = state.rules.slot;
    let begin = needed.begin(length);
    let latest = Instant::ZERO + (begin.since(Instant::ZERO) - expected(state));
    if latest < soonest(state) { state.now + length } else { latest }
}
