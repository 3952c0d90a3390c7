//! A vote is cast, and decides or does not.
//!
//! Approval is a compare-and-set: the authority over every workload must still be the one the
//! proposal was built on, and the destination must still have room. So of two proposals that
//! contradict each other the order of the log lets one through, however the votes ran; of two that
//! only want the same room, priority does, see [`crate::council::turns`].

use crate::council::ballot::{Tally, Vote};
use crate::council::ending::end;
use crate::council::entry::Message;
use crate::council::filing::rests;
use crate::council::grant::grant;
use crate::council::movement::{Movement, Pace, Source};
use crate::council::proposal::{Cause, Outcome};
use crate::council::refusal::Refusal;
use crate::council::relieving::is_overtaken;
use crate::council::room::has_room;
use crate::council::state::{Passed, State};
use crate::council::turns::{displace, waiting, waits};
use crate::council::words::{Mode, ProposalId, WorkloadId};
use crate::council::workload::Authority;
use crate::ids::SiteId;

/// A site votes on a proposal.
pub fn on_vote(state: &mut State, id: ProposalId, by: SiteId, vote: Vote) -> Result<(), Refusal> {
    let Some(proposal) = state.open.get_mut(&id) else { return Err(gone(state, id)) };
    if !proposal.ballot.weights.contains_key(&by) {
        return Err(Refusal::NotInElectorate(by));
    }
    if proposal.ballot.votes.contains_key(&by) {
        return Err(Refusal::AlreadyVoted(by));
    }
    if proposal.movement.is_some() {
        return Err(Refusal::Closed(id));
    }
    proposal.ballot.votes.insert(by, vote);
    match proposal.ballot.tally() {
        Tally::Open => {}
        Tally::Rejected => end(state, id, Outcome::Rejected),
        Tally::Approved => approve(state, id),
    }
    resume(state);
    Ok(())
}

/// Carries out what is approved and has waited for its turn, if it has come.
pub fn resume(state: &mut State) {
    for id in waiting(state) {
        approve(state, id);
    }
}

/// The proposal that a message filed.
pub fn filed_by(state: &State, message: Message) -> Result<ProposalId, Refusal> {
    let open = state.open.iter().map(|(id, open)| (id, open.message));
    let ended = state.ended.iter().map(|(id, ended)| (id, ended.proposal.message));
    let found = open.chain(ended).find(|(_, filed)| *filed == message);
    found.map(|(id, _)| *id).ok_or(Refusal::NothingFiled(message))
}

/// Who filed a proposal takes it back before it is decided.
pub fn on_withdraw(state: &mut State, id: ProposalId, by: SiteId) -> Result<(), Refusal> {
    let Some(proposal) = state.open.get(&id) else { return Err(gone(state, id)) };
    if proposal.proposer != by {
        return Err(Refusal::NotProposer(proposal.proposer));
    }
    end(state, id, Outcome::Withdrawn);
    resume(state);
    Ok(())
}

/// Ends what was not decided in time.
pub fn expire(state: &mut State) {
    let now = state.now;
    let late = state
        .open
        .iter()
        .filter(|(_, proposal)| proposal.movement.is_none() && proposal.filing.deadline <= now);
    let late: Vec<ProposalId> = late.map(|(id, _)| *id).collect();
    for id in late {
        end(state, id, Outcome::Expired);
    }
}

/// Why a proposal is not among the open ones.
pub fn gone(state: &State, id: ProposalId) -> Refusal {
    if state.ended.contains_key(&id) { Refusal::Closed(id) } else { Refusal::UnknownProposal(id) }
}

fn approve(state: &mut State, id: ProposalId) {
    let Some(proposal) = state.open.get(&id) else { return };
    let filing = proposal.filing.clone();
    let is_unfenced = state.rules.defects().unfenced;
    let must_rest = match state.rules.saves_first() {
        true => rests(state, filing.cause),
        false => filing.cause != Cause::OrderedAgain,
    };
    let is_as_filed = filing.workloads.iter().all(|(workload, epoch)| {
        let authority = state.workloads.get(workload).map(|workload| workload.authority);
        let is_resting = state.workloads.get(workload).is_some_and(|w| w.rests_until > state.now);
        let stands =
            |authority: Authority| authority.holder == filing.source && authority.epoch == *epoch;
        let may_move = !is_resting || !must_rest;
        authority.is_some_and(stands) && state.transit(*workload).is_none() && may_move
    });
    let is_superseded = !is_as_filed || is_overtaken(state, id);
    if is_superseded && !is_unfenced {
        return end(state, id, Outcome::Superseded);
    }
    if has_room(state, &filing).is_err() {
        return end(state, id, Outcome::NoRoom);
    }
    if waits(state, id) {
        return;
    }
    if filing.workloads.keys().any(|workload| state.mode_of(*workload) != Mode::On) {
        return end(state, id, Outcome::Shadow);
    }
    let workloads: Vec<WorkloadId> = filing.workloads.keys().copied().collect();
    // The source acts on under a new epoch, so that nothing that was ordered before counts.
    let epoch = grant(state, &workloads, filing.source);
    let pace = Pace { step: state.rules.step, shifts: state.rules.shifts };
    let source = Source::begin(filing.cause, &state.rules, state.now);
    let movement = Movement::begin(state.now, epoch, source, pace);
    if let Some(proposal) = state.open.get_mut(&id) {
        proposal.movement = Some(movement);
        proposal.passed.push(Passed { at: state.now, epoch, phase: movement.phase });
    }
    displace(state, id);
}
