//! A proposal ends, and what follows from how it did.

use std::collections::BTreeMap;

use crate::council::ballot::Vote;
use crate::council::committed::handed_over;
use crate::council::proposal::{Outcome, Trouble};
use crate::council::remembering::{as_taken_back, is_tried_again};
use crate::council::repeat::TAKEN_BACK_MAX;
use crate::council::state::{ENDED_MAX, Ended, Proposal, Settling, State};
use crate::council::words::{ProposalId, Slot};
use crate::ids::SiteId;

/// Ends a proposal. Invariant: each ends once, with a reason.
pub fn end(state: &mut State, id: ProposalId, outcome: Outcome) {
    let Some(proposal) = state.open.remove(&id) else { return };
    if proposal.movement.is_some() {
        for workload in proposal.filing.workloads.keys() {
            let rests_until = state.now + state.rules.rest;
            if let Some(workload) = state.workloads.get_mut(workload) {
                workload.rests_until = rests_until;
            }
        }
    }
    match outcome {
        Outcome::Done => {
            let until = settled(state, &proposal);
            let destination = proposal.filing.destination;
            let settle = |workload| Settling { workload, destination, until };
            state.settling.extend(proposal.filing.workloads.keys().copied().map(settle));
            learn_votes(state, &proposal.ballot.votes, true);
        }
        // That says nothing of the move, nor of the destination.
        Outcome::RolledBack(Trouble::SourceGone) => {}
        Outcome::RolledBack(trouble) if is_tried_again(state, &proposal.filing, trouble) => {}
        Outcome::RolledBack(trouble) => {
            for workload in proposal.filing.workloads.keys() {
                let record =
                    as_taken_back(state, &proposal.filing, *workload, proposal.predicted_ppm);
                state.taken_back.push(record);
            }
            let over = state.taken_back.len().saturating_sub(TAKEN_BACK_MAX);
            state.taken_back.drain(..over);
            if trouble == Trouble::DidNotHelp {
                learn_votes(state, &proposal.ballot.votes, false);
            }
        }
        _ => {}
    }
    state.ended.insert(id, Ended { proposal, outcome, at: state.now });
    while state.ended.len() > ENDED_MAX {
        state.ended.pop_first();
    }
}

/// From which slot on all forecasts were written with what a move brought.
fn settled(state: &State, proposal: &Proposal) -> Slot {
    match handed_over(proposal).filter(|_| state.rules.counts_committed()) {
        Some(at) => Slot::of(at, state.rules.slot).plus(state.rules.lead_slots + 1),
        None => state.slot().plus(state.rules.settle_slots),
    }
}

/// What voters said is held against how it turned out.
pub fn learn_votes(state: &mut State, votes: &BTreeMap<SiteId, Vote>, has_helped: bool) {
    for (site, vote) in votes {
        if let Some(member) = state.members.get_mut(site) {
            member.votes.learn(vote.yes == has_helped);
        }
    }
}
