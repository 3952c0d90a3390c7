//! What is committed to leave a site, or to come to it, and is not in forecasts of it yet.
//!
//! A forecast counts with a site what it had authority over when the forecast was written, and no
//! forecast is written of a slot once the lead before it has begun. So what moved since is taken off,
//! or comes on top. Voters look at who has authority when they vote, and so know more.

use crate::council::movement::Phase;
use crate::council::state::{Proposal, State};
use crate::council::words::{ProposalId, Slot, WorkloadId};
use crate::ids::SiteId;
use crate::time::Instant;

/// As things are decided: not as of a forecast.
pub const AS_DECIDED: Instant = Instant::NEVER;

/// When the forecast of a slot, or the latest of one that is far ahead, was written.
pub fn written(state: &State, slot: Slot) -> Instant {
    slot.minus(state.rules.lead_slots).min(state.slot()).begin(state.rules.slot)
}

/// The moves by which a site loses what it had at a moment.
pub fn relieving(
    state: &State,
    site: SiteId,
    since: Instant,
) -> impl Iterator<Item = (ProposalId, &Proposal)> {
    moves(state).filter_map(move |(id, open, to)| {
        (to != site && holder(open, since) == site).then_some((id, open))
    })
}

/// What leaves a site of what it had at a moment.
pub fn leaving(
    state: &State,
    site: SiteId,
    since: Instant,
) -> impl Iterator<Item = WorkloadId> + '_ {
    relieving(state, site, since).flat_map(|(_, open)| open.filing.workloads.keys().copied())
}

/// What comes to a site, or came to it after a moment.
pub fn coming(
    state: &State,
    site: SiteId,
    since: Instant,
) -> impl Iterator<Item = WorkloadId> + '_ {
    let open = moves(state).filter(move |(_, open, to)| *to == site && holder(open, since) != site);
    let moving = open.flat_map(|(_, open, _)| open.filing.workloads.keys().copied());
    let settling = state.settling.iter().filter(move |settling| settling.destination == site);
    moving.chain(settling.map(|settling| settling.workload))
}

/// When authority over what a proposal moves went to its destination, if it did.
pub fn handed_over(proposal: &Proposal) -> Option<Instant> {
    let is_there = |phase| matches!(phase, Phase::Shifting(_));
    proposal.passed.iter().find(|step| is_there(step.phase)).map(|step| step.at)
}

/// Moves that are under way, or are watched, each with the site where it ends as things are.
fn moves(state: &State) -> impl Iterator<Item = (ProposalId, &Proposal, SiteId)> {
    state.open.iter().filter_map(|(id, open)| {
        let to = match open.movement?.phase {
            Phase::Returning(_) => open.filing.source,
            _ => open.filing.destination,
        };
        Some((*id, open, to))
    })
}

/// Who had authority over what a proposal moves, before a moment.
fn holder(proposal: &Proposal, before: Instant) -> SiteId {
    let passed = proposal.passed.iter().take_while(|step| step.at < before);
    match passed.last().map(|step| step.phase) {
        None | Some(Phase::Starting | Phase::Proving | Phase::Returning(_)) => {
            proposal.filing.source
        }
        Some(_) => proposal.filing.destination,
    }
}
