//! Which of several proposals gets the room that is left at a destination? The one of the highest
//! priority: by how critical its workloads are, then by how far above the limit its source will be.
//!
//! A proposal that is approved waits while another one of higher priority is voted on that would not
//! fit with it. Nobody waits for long: what has not been decided a slot after it was filed does not
//! hold others back. Once one got its room, those of lower priority that fit no more end at once, so
//! that whoever filed them looks for another place.

use crate::council::ballot::Tally;
use crate::council::ending::end;
use crate::council::load::{demand, fits};
use crate::council::proposal::Outcome;
use crate::council::room::{has_room, through};
use crate::council::state::{Proposal, State};
use crate::council::words::ProposalId;

/// Whether a proposal that is approved leaves room for one that is still voted on.
pub fn waits(state: &State, id: ProposalId) -> bool {
    let Some(own) = state.open.get(&id).filter(|_| state.rules.takes_turns()) else { return false };
    let is_before = |other: &Proposal| {
        is_rival(own, other)
            && other.priority > own.priority
            && other.ballot.tally() == Tally::Open
            && other.filed + state.rules.slot > state.now
    };
    state.open.values().filter(|other| is_before(other)).any(|other| {
        let both = own.filing.workloads.keys().chain(other.filing.workloads.keys());
        let wanted = demand(state, both.copied());
        let until = through(state, &own.filing).max(through(state, &other.filing));
        fits(state, own.filing.destination, &wanted, until).is_err()
    })
}

/// Ends those of lower priority that no longer fit where a proposal got its room.
pub fn displace(state: &mut State, id: ProposalId) {
    let Some(own) = state.open.get(&id).filter(|_| state.rules.takes_turns()) else { return };
    let gives_way = |other: &Proposal| {
        is_rival(own, other)
            && other.priority < own.priority
            && has_room(state, &other.filing).is_err()
    };
    let displaced = state.open.iter().filter(|(_, other)| gives_way(other));
    let displaced: Vec<ProposalId> = displaced.map(|(id, _)| *id).collect();
    for id in displaced {
        end(state, id, Outcome::Displaced);
    }
}

/// Those that are approved and wait, the highest priority first.
pub fn waiting(state: &State) -> Vec<ProposalId> {
    let waits = |open: &Proposal| open.movement.is_none() && open.ballot.tally() == Tally::Approved;
    let mut waiting: Vec<_> = state.open.iter().filter(|(_, open)| waits(open)).collect();
    waiting.sort_by_key(|(id, open)| (std::cmp::Reverse(open.priority), **id));
    waiting.into_iter().map(|(id, _)| *id).collect()
}

/// Whether another proposal wants room at the same destination, for something else.
fn is_rival(own: &Proposal, other: &Proposal) -> bool {
    let (mine, theirs) = (&own.filing, &other.filing);
    other.movement.is_none()
        && mine.destination == theirs.destination
        && !mine.workloads.keys().any(|id| theirs.workloads.contains_key(id))
}
