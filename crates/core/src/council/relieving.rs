//! A source is relieved of an overload once: what is committed to leave it counts as gone, so that
//! another move is for what is still too much. Who proposes keeps to that by itself, as far as its copy
//! of the log reaches; two that see the same alarm at once do not know of each other, and the second
//! would relieve it of what has gone already, and fill what has room for one only.
//!
//! By the rules before version 6 nothing else was proposed until the traffic of one had left.

use crate::council::committed::{relieving, written};
use crate::council::load::demand;
use crate::council::maintenance::of_left;
use crate::council::movement::Phase;
use crate::council::proposal::{Cause, Filing};
use crate::council::state::{Proposal, State};
use crate::council::words::ProposalId;

/// Whether moves that were approved since an open proposal was filed bring its source down to the limit
/// already.
pub fn is_overtaken(state: &State, own: ProposalId) -> bool {
    let Some(proposal) = state.open.get(&own) else { return false };
    let filing = &proposal.filing;
    let Cause::Overload { metric, slot } = filing.cause else { return false };
    if !state.rules.counts_committed() {
        return relieved_by(state, filing).is_some();
    }
    let Some(member) = state.members.get(&filing.source) else { return false };
    let is_newer =
        |other: &Proposal| other.passed.first().is_some_and(|begun| begun.at >= proposal.filed);
    let newer = relieving(state, filing.source, written(state, slot));
    let newer = newer.filter(|(id, other)| *id != own && is_newer(other));
    let gone = demand(state, newer.flat_map(|(_, other)| other.filing.workloads.keys().copied()));
    let gone = of_left(
        gone.share_ppm(metric, &member.capacity),
        state.maintenance.left_ppm(filing.source, slot),
    );
    gone > 0 && proposal.predicted_ppm.saturating_sub(gone) <= state.rules.limit_ppm
}

/// The move that relieves the source of a proposal already, if that is for an overload, by rules by
/// which there is one at a time.
pub fn relieved_by(state: &State, filing: &Filing) -> Option<ProposalId> {
    if !state.rules.relieves_once() || !matches!(filing.cause, Cause::Overload { .. }) {
        return None;
    }
    let is_leaving = |open: &Proposal| {
        let phase = open.movement.map(|movement| movement.phase);
        open.filing.source == filing.source
            && phase.is_some_and(|of| !matches!(of, Phase::Watching { .. } | Phase::Returning(_)))
    };
    state.open.iter().find(|(_, open)| is_leaving(open)).map(|(id, _)| *id)
}
