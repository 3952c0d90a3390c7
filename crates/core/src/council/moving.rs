//! A move goes on, is taken back, or stays as it is.

use crate::council::book::Subject;
use crate::council::ending::{end, learn_votes};
use crate::council::entry::News;
use crate::council::grant::grant;
use crate::council::load::demand;
use crate::council::maintaining::is_soon_down;
use crate::council::movement::{Movement, Pace, Party, Phase, Turn};
use crate::council::proposal::{Outcome, Rollback, Trouble};
use crate::council::refusal::Refusal;
use crate::council::relief::Relief;
use crate::council::state::{Passed, State};
use crate::council::voting::gone;
use crate::council::words::{Epoch, Metric, ProposalId, WHOLE_PPM, WorkloadId};
use crate::ids::SiteId;

/// The most letters that are kept of what went wrong.
const WHY_CHARS_MAX: usize = 240;

/// What a party tells.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// Under which epoch it was done.
    pub epoch: Epoch,
    /// What was done.
    pub news: News,
    /// What went wrong, in words.
    pub why: Option<&'a str>,
}

/// A party to a move tells what it did.
pub fn on_report(
    state: &mut State,
    id: ProposalId,
    by: SiteId,
    Told { epoch, news, why }: Told<'_>,
) -> Result<(), Refusal> {
    let Some(proposal) = state.open.get(&id) else { return Err(gone(state, id)) };
    let Some(movement) = proposal.movement else { return Err(Refusal::NotAtThatStep) };
    let (source, destination) = (proposal.filing.source, proposal.filing.destination);
    let is_party = match Movement::party(news) {
        Party::Source => by == source,
        Party::Destination => by == destination,
        Party::Either => by == source || by == destination,
    };
    if !is_party {
        return Err(Refusal::NotParty(by));
    }
    if epoch != movement.epoch && !state.rules.defects().unfenced {
        return Err(Refusal::StaleReport { current: movement.epoch });
    }
    let turn = movement.turn(news, pace(state))?;
    if let (News::Trouble(_), Some(why), Some(open)) = (news, why, state.open.get_mut(&id)) {
        open.why = Some(why.chars().take(WHY_CHARS_MAX).collect());
    }
    match turn {
        Turn::Go(phase) => set(state, id, phase, movement.epoch),
        Turn::HandOver(phase) => {
            let workloads = named(state, id);
            let epoch = grant(state, &workloads, destination);
            set(state, id, phase, epoch);
        }
        Turn::Watch => watch(state, id, movement.epoch),
        Turn::Returned(why) => end(state, id, Outcome::RolledBack(why)),
        Turn::Back(why) => back(state, id, why),
    }
    Ok(())
}

/// All traffic goes to the destination: from the next slot on it is looked whether that helps.
pub fn watch(state: &mut State, id: ProposalId, epoch: Epoch) {
    let from = state.slot().plus(1);
    let until = from.plus(window(state, id));
    set(state, id, Phase::Watching { from, until }, epoch);
}

/// Who proposed a move, or has a part in it, takes it back while it is under way.
pub fn on_stop(state: &mut State, id: ProposalId, by: SiteId) -> Result<(), Refusal> {
    let Some(proposal) = state.open.get(&id) else { return Err(gone(state, id)) };
    let filing = &proposal.filing;
    if ![proposal.proposer, filing.source, filing.destination].contains(&by) {
        return Err(Refusal::NotParty(by));
    }
    match proposal.movement.map(|movement| movement.phase) {
        None | Some(Phase::Returning(_)) => Err(Refusal::NotAtThatStep),
        Some(_) => {
            back(state, id, Trouble::Ordered);
            Ok(())
        }
    }
}

/// Takes back what has stood still for too long.
pub fn hurry(state: &mut State) {
    let overdue = state.open.iter().filter_map(|(id, proposal)| {
        let movement = proposal.movement?;
        Some((*id, movement.phase, movement.overdue(state.now)?))
    });
    let overdue: Vec<_> = overdue.collect();
    for (id, phase, why) in overdue {
        match phase {
            Phase::Returning(_) => end(state, id, Outcome::Failed(Trouble::NotReturned)),
            _ => back(state, id, why),
        }
    }
}

/// Takes a move back, if that can be, and else leaves it where it is.
pub fn back(state: &mut State, id: ProposalId, why: Trouble) {
    back_if(state, id, why, (can_return, Trouble::SourceFull));
}

/// The same of a move after which the source is as full as if it had not been. Where the source
/// has calmed, or never felt it, all goes back; else it stays, as that would only fill it more.
pub fn back_from_unrelieved(state: &mut State, id: ProposalId) {
    let votes = state.open.get(&id).map(|open| open.ballot.votes.clone());
    back_if(state, id, Trouble::DidNotHelp, (is_wanted_back, Trouble::DidNotHelp));
    let outcome = state.ended.get(&id).map(|ended| ended.outcome);
    if let (Some(votes), Some(Outcome::Failed(_))) = (votes, outcome) {
        learn_votes(state, &votes, false);
    }
}

/// Whether the source can have workloads back.
type MayReturn = fn(&State, SiteId, &[WorkloadId], Phase) -> bool;

fn back_if(
    state: &mut State,
    id: ProposalId,
    why: Trouble,
    (may_return, else_why): (MayReturn, Trouble),
) {
    let Some(proposal) = state.open.get(&id) else { return };
    let Some(movement) = proposal.movement else { return };
    let (source, plan) = (proposal.filing.source, proposal.filing.rollback);
    let workloads = named(state, id);
    if !movement.is_handed_over() {
        // Traffic never left. What was started at the destination is fenced off.
        grant(state, &workloads, source);
        return end(state, id, Outcome::RolledBack(why));
    }
    if plan == Rollback::Stay || !movement.has_source() {
        return end(state, id, Outcome::Failed(why));
    }
    let soon = state.slot().plus(state.rules.settle_slots);
    let may_return = may_return(state, source, &workloads, movement.phase);
    if !may_return || is_soon_down(state, source, soon) {
        return end(state, id, Outcome::Failed(else_why));
    }
    let epoch = grant(state, &workloads, source);
    set(state, id, Phase::Returning(why), epoch);
}

/// Whether the source can have all back: by what was seen of it since the traffic left. Its
/// forecasts are no measure, for they were made with what it had then; and before all
/// traffic has left it still bears what it bore.
fn can_return(state: &State, source: SiteId, workloads: &[WorkloadId], phase: Phase) -> bool {
    with_all_back(state, source, workloads, phase, |share_ppm, would_be_ppm| {
        share_ppm == 0 || would_be_ppm <= WHOLE_PPM
    })
}

/// Whether the source is well with all of it, or as well as without.
fn is_wanted_back(state: &State, source: SiteId, workloads: &[WorkloadId], phase: Phase) -> bool {
    let limit_ppm = state.rules.limit_ppm;
    with_all_back(state, source, workloads, phase, |share_ppm, peak_ppm| {
        let relief = Relief { peak_ppm, share_ppm, limit_ppm };
        peak_ppm <= limit_ppm || !relief.is_worth_it()
    })
}

/// Whether it is fine, in every metric, what workloads take and how full the source is with them.
fn with_all_back(
    state: &State,
    source: SiteId,
    workloads: &[WorkloadId],
    phase: Phase,
    is_fine: impl Fn(u32, u32) -> bool,
) -> bool {
    let Some(member) = state.members.get(&source) else { return false };
    let Phase::Watching { from, .. } = phase else { return true };
    let wanted = demand(state, workloads.iter().copied());
    Metric::ALL.into_iter().all(|metric| {
        let subject = Subject { target: source, metric };
        let seen = state.book.truths(subject, from, state.slot()).last().unwrap_or(0);
        let share_ppm = wanted.share_ppm(metric, &member.capacity);
        is_fine(share_ppm, seen.saturating_add(share_ppm))
    })
}

fn pace(state: &State) -> Pace {
    Pace { step: state.rules.step, shifts: state.rules.shifts }
}

fn set(state: &mut State, id: ProposalId, phase: Phase, epoch: Epoch) {
    let due = state.now + state.rules.step;
    let Some(open) = state.open.get_mut(&id) else { return };
    if let Some(movement) = open.movement.as_mut() {
        *movement = Movement { phase, epoch, due, ..*movement };
        open.passed.push(Passed { at: state.now, epoch, phase });
    }
}

/// The workloads of an open proposal.
pub fn named(state: &State, id: ProposalId) -> Vec<WorkloadId> {
    let proposal = state.open.get(&id);
    proposal.map(|open| open.filing.workloads.keys().copied().collect()).unwrap_or_default()
}

fn window(state: &State, id: ProposalId) -> u64 {
    state.open.get(&id).map_or(1, |open| open.filing.criterion.window_slots)
}
