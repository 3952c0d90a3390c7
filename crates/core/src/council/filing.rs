//! A proposal is filed: is it one that can be voted on?

use std::collections::BTreeMap;

use crate::council::ballot::Ballot;
use crate::council::book::Subject;
use crate::council::committed::{relieving, written};
use crate::council::ending::end;
use crate::council::entry::{Command, Entry, Message};
use crate::council::load::relieved_ppm;
use crate::council::maintenance::of_left;
use crate::council::proposal::{CONDITIONS_MAX, Cause, Filing, Outcome, WINDOW_MAX, WORKLOADS_MAX};
use crate::council::refusal::Refusal;
use crate::council::relieving::relieved_by;
use crate::council::remembering::{as_taken_back, failed_lately};
use crate::council::repeat::TakenBack;
use crate::council::room::has_room;
use crate::council::state::{OPEN_MAX, Proposal, State};
use crate::council::weighing::weights;
use crate::council::words::{Criticality, Epoch, Mode, ProposalId, WorkloadId};
use crate::ids::SiteId;

/// The most proposals that one site may have voted on at a time.
const OF_ONE_MAX: usize = 16;

/// Files a proposal under an id, or says why not.
pub fn on_propose(
    state: &mut State,
    id: ProposalId,
    message: Message,
    filing: &Filing,
) -> Result<(), Refusal> {
    let by = message.from;
    parties(state, filing)?;
    let criticality = workloads(state, filing)?;
    criterion(state, filing)?;
    if let Some(move_under_way) = relieved_by(state, filing) {
        return Err(Refusal::BeingRelieved(filing.source, move_under_way));
    }
    let predicted_ppm = cause(state, by, filing)?;
    repeats(state, filing, predicted_ppm)?;
    has_room(state, filing)?;
    let impact = impact(state, filing, predicted_ppm);
    let priority = (criticality as u64) << 32 | u64::from(impact);
    room(state, by, priority)?;
    let ballot = Ballot {
        weights: weights(state, filing, criticality),
        theta_ppm: state.rules.theta(criticality),
        sites_min: state.rules.sites_min(criticality, state.members.len()),
        votes: BTreeMap::new(),
        defects: state.rules.defects(),
    };
    let proposal = Proposal {
        proposer: by,
        message,
        filing: filing.clone(),
        filed: state.now,
        criticality,
        predicted_ppm,
        priority,
        ballot,
        movement: None,
        passed: Vec::new(),
        why: None,
    };
    state.open.insert(id, proposal);
    Ok(())
}

/// The proposal that an entry would file if it were the next one; nothing if it would be refused,
/// or is none. It may yet come after others, and then be another one or none: good for what is
/// only an opinion, such as a vote.
pub fn foreseen(state: &State, entry: &Entry) -> Option<Proposal> {
    let Command::Propose(filing) = &entry.command else { return None };
    let id = ProposalId(state.index.saturating_add(1));
    let mut next = state.clone();
    on_propose(&mut next, id, entry.message(), filing).ok()?;
    next.open.remove(&id)
}

/// How much is gained, among what is as critical: what is served nowhere else comes first, then
/// what soon will not be, and then what is too much at the source.
fn impact(state: &State, filing: &Filing, predicted_ppm: u32) -> u32 {
    match filing.cause {
        Cause::SourceLost if state.rules.saves_first() => u32::MAX,
        Cause::Maintenance { .. } => u32::MAX - 1,
        _ => predicted_ppm.saturating_sub(state.rules.limit_ppm),
    }
}

fn parties(state: &State, filing: &Filing) -> Result<(), Refusal> {
    for site in [filing.source, filing.destination] {
        if !state.members.contains_key(&site) {
            return Err(Refusal::NotMember(site));
        }
    }
    if filing.source == filing.destination {
        return Err(Refusal::SameSite);
    }
    if filing.deadline <= state.now {
        return Err(Refusal::DeadlinePassed { now: state.now });
    }
    let latest = state.now + state.rules.deadline;
    if filing.deadline > latest {
        return Err(Refusal::DeadlineTooFar { latest });
    }
    Ok(())
}

/// Whether each can move; gives how critical the most critical is.
fn workloads(state: &State, filing: &Filing) -> Result<Criticality, Refusal> {
    if filing.workloads.is_empty() {
        return Err(Refusal::OutOfRange("a proposal names a workload"));
    }
    if filing.workloads.len() > WORKLOADS_MAX {
        return Err(Refusal::TooMany("workloads of one proposal"));
    }
    let mut criticality = Criticality::Low;
    for (id, epoch) in &filing.workloads {
        movable(state, filing, *id, *epoch)?;
        criticality = criticality.max(state.workloads[id].criticality);
    }
    Ok(criticality)
}

fn movable(state: &State, filing: &Filing, id: WorkloadId, epoch: Epoch) -> Result<(), Refusal> {
    let workload = state.workloads.get(&id).ok_or(Refusal::UnknownWorkload(id))?;
    let authority = workload.authority;
    if authority.holder != filing.source {
        return Err(Refusal::NotHolder { workload: id, holder: authority.holder });
    }
    if authority.epoch != epoch {
        return Err(Refusal::StaleEpoch { workload: id, current: authority.epoch });
    }
    if let Some(proposal) = state.transit(id) {
        return Err(Refusal::InTransit(id, proposal));
    }
    if rests(state, filing.cause) && workload.rests_until > state.now {
        return Err(Refusal::Resting { workload: id, until: workload.rests_until });
    }
    if state.mode_of(id) == Mode::Off {
        return Err(Refusal::ModeOff);
    }
    if filing.cause == Cause::SourceLost && authority.lease_until > state.now {
        return Err(Refusal::LeaseRuns { workload: id, until: authority.lease_until });
    }
    Ok(())
}

/// Whether what was moved has to rest before a move for such a cause, so that it does not go to and
/// fro. To a site that is lost or will be down it does not go back.
pub fn rests(state: &State, cause: Cause) -> bool {
    match cause {
        Cause::OrderedAgain | Cause::Maintenance { .. } => false,
        Cause::SourceLost => !state.rules.takes_over(),
        _ => true,
    }
}

fn criterion(state: &State, filing: &Filing) -> Result<(), Refusal> {
    let criterion = &filing.criterion;
    let problem = if criterion.conditions.is_empty() {
        "it has no condition"
    } else if criterion.conditions.len() > CONDITIONS_MAX {
        "it has too many conditions"
    } else if !(1..=WINDOW_MAX).contains(&criterion.window_slots) {
        "its window has 1 to 288 slots"
    } else if criterion.samples_min == 0
        || u64::from(criterion.samples_min) > criterion.window_slots
    {
        "it needs at least one sample, and at most one for each slot of the window"
    } else if criterion.conditions.iter().any(|of| !state.members.contains_key(&of.site)) {
        "it speaks of a site that is no member"
    } else {
        return Ok(());
    };
    Err(Refusal::BadCriterion(problem))
}

/// Whether the cause is one; gives what the source is predicted to be at.
fn cause(state: &State, by: SiteId, filing: &Filing) -> Result<u32, Refusal> {
    if let Cause::Maintenance { slot } = filing.cause {
        let known = state.maintenance.of(filing.source).iter();
        let mut known = known.filter(|of| of.left_ppm == 0 && of.until > state.slot());
        let is_known = known.any(|of| of.from == slot);
        return is_known.then_some(0).ok_or(Refusal::NotMaintained(filing.source));
    }
    let Cause::Overload { metric, slot } = filing.cause else { return Ok(0) };
    if slot < state.slot() {
        return Err(Refusal::NoForecast);
    }
    let subject = Subject { target: filing.source, metric };
    let band = state.book.band(by, subject, slot).ok_or(Refusal::NoForecast)?;
    let left = state.maintenance.left_ppm(filing.source, slot);
    let relieved = relieved_ppm(state, filing.source, metric, slot, band.high_ppm);
    let predicted_ppm = of_left(relieved, left);
    if predicted_ppm > state.rules.limit_ppm {
        return Ok(predicted_ppm);
    }
    let mut moves = relieving(state, filing.source, written(state, slot));
    match moves.next().filter(|_| of_left(band.high_ppm, left) > state.rules.limit_ppm) {
        Some((id, _)) => Err(Refusal::BeingRelieved(filing.source, id)),
        None => Err(Refusal::NoOverload { predicted_ppm }),
    }
}

fn repeats(state: &State, filing: &Filing, predicted_ppm: u32) -> Result<(), Refusal> {
    if filing.cause == Cause::OrderedAgain {
        return Ok(());
    }
    for workload in filing.workloads.keys() {
        let new = as_taken_back(state, filing, *workload, predicted_ppm);
        let same = |old: &&TakenBack| old.is_same(&new, state.rules.cause_ppm);
        if failed_lately(state, filing, *workload) {
            return Err(Refusal::FailedLately(*workload));
        }
        if let Some(old) = state.taken_back.iter().find(same) {
            let predicted_ppm = old.predicted_ppm;
            return Err(Refusal::CauseUnchanged { workload: *workload, predicted_ppm });
        }
    }
    Ok(())
}

/// Makes room among the open ones, if by priority there is any.
fn room(state: &mut State, by: SiteId, priority: u64) -> Result<(), Refusal> {
    let is_voted_on = |proposal: &&Proposal| proposal.movement.is_none();
    let own = state.open.values().filter(is_voted_on).filter(|proposal| proposal.proposer == by);
    if own.count() >= OF_ONE_MAX {
        let is_own = |proposal: &Proposal| proposal.proposer == by && state.rules.takes_turns();
        let least = least(state, is_own, priority);
        let least = least.ok_or(Refusal::TooMany("open proposals of one site"))?;
        end(state, least, Outcome::Displaced);
    }
    if state.open.len() < OPEN_MAX {
        return Ok(());
    }
    let least = least(state, |_| true, priority).ok_or(Refusal::TooMany("open proposals"))?;
    end(state, least, Outcome::Displaced);
    Ok(())
}

/// The one of least priority among some that are voted on, the newest of several; none below that
/// priority.
fn least(state: &State, is_one: impl Fn(&Proposal) -> bool, priority: u64) -> Option<ProposalId> {
    let voted_on = state.open.iter().filter(|(_, open)| open.movement.is_none() && is_one(open));
    let least = voted_on.min_by_key(|(id, open)| (open.priority, std::cmp::Reverse(**id)));
    least.filter(|(_, open)| open.priority < priority).map(|(id, _)| *id)
}
