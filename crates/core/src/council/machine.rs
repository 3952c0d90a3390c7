//! The machine: one entry of the log after the other, and nothing else, makes the state.
//!
//! An entry that is refused changes nothing but the count of entries and the number of its
//! message. Who gets a refusal wrote something that must be said otherwise; the log goes on.

use crate::council::ballot::Vote;
use crate::council::book::Subject;
use crate::council::checking::check;
use crate::council::distance::on_ways;
use crate::council::entry::{Command, Entry};
use crate::council::filing::on_propose;
use crate::council::grant::{cede, pass, renew};
use crate::council::joining::{
    on_admit, on_dismiss, on_inherit, on_introduce, on_mode, on_register, on_retire, on_rules,
};
use crate::council::maintaining::on_maintain;
use crate::council::measuring::{close_slots, on_forecast, on_observe};
use crate::council::moving::{Told, hurry, on_report, on_stop};
use crate::council::refusal::Refusal;
use crate::council::sources;
use crate::council::state::{Proposal, State};
use crate::council::voting::{expire, filed_by, on_vote, on_withdraw, resume};
use crate::council::words::ProposalId;
use crate::time::Instant;

/// Applies the entry of that index, or says why it changed nothing. A proposal that it files
/// has the index as its id.
pub fn apply(state: &mut State, index: u64, entry: &Entry) -> Result<(), Refusal> {
    let expected = state.index.saturating_add(1);
    if index != expected {
        return Err(Refusal::NotNext { expected, got: index });
    }
    state.index = index;
    if !(state.members.is_empty() && is_beginning(&entry.command)) {
        let member = state.members.get_mut(&entry.from).ok_or(Refusal::NotMember(entry.from))?;
        member.sender.take(entry.incarnation, entry.sequence)?;
    }
    carry_out(state, index, entry)
}

/// What can be said while there are no members: who the first one is, and by which rules.
fn is_beginning(command: &Command) -> bool {
    matches!(command, Command::Admit { .. } | Command::AdoptRules(_))
}

fn carry_out(state: &mut State, index: u64, entry: &Entry) -> Result<(), Refusal> {
    let (by, command) = (entry.from, &entry.command);
    match command {
        Command::Tick { at } => {
            tick(state, *at);
            return Ok(());
        }
        Command::Admit { site, capacity } => return on_admit(state, by, *site, *capacity),
        Command::AdoptRules(rules) => return on_rules(state, rules),
        Command::Introduce { site, name, lot } => {
            return on_introduce(state, by, *site, name, *lot);
        }
        _ if state.now == Instant::ZERO => return Err(Refusal::NoTime),
        _ => {}
    }
    match command {
        Command::Tick { .. }
        | Command::Admit { .. }
        | Command::AdoptRules(_)
        | Command::Introduce { .. } => Ok(()),
        Command::Dismiss { site } => on_dismiss(state, *site),
        Command::Register { workload, criticality, demand } => {
            on_register(state, by, *workload, *criticality, *demand)
        }
        Command::Retire { workload } => on_retire(state, by, *workload),
        Command::SetMode { workload, mode } => on_mode(state, *workload, *mode),
        Command::InheritMode { workload } => on_inherit(state, *workload),
        Command::Forecast { target, metric, first, bands } => {
            let subject = Subject { target: *target, metric: *metric };
            on_forecast(state, by, subject, *first, bands)
        }
        Command::Observe { target, metric, slot, value_ppm } => {
            let subject = Subject { target: *target, metric: *metric };
            on_observe(state, by, subject, *slot, *value_ppm)
        }
        Command::Propose(filing) => on_propose(state, ProposalId(index), entry.message(), filing),
        Command::Withdraw { proposal } => {
            let is_moving = |open: &Proposal| open.movement.is_some();
            match state.open.get(proposal).is_some_and(is_moving) {
                true => on_stop(state, *proposal, by),
                false => on_withdraw(state, *proposal, by),
            }
        }
        Command::Vote { proposal, yes, reason, claim_ppm } => {
            let (yes, reason, claim_ppm, at) = (*yes, *reason, *claim_ppm, state.now);
            let vote = Vote { yes, reason, claim_ppm, at };
            on_vote(state, *proposal, by, vote)
        }
        Command::VoteOn { message, yes, reason, claim_ppm } => {
            let (yes, reason, claim_ppm, at) = (*yes, *reason, *claim_ppm, state.now);
            let id = filed_by(state, *message)?;
            on_vote(state, id, by, Vote { yes, reason, claim_ppm, at })
        }
        Command::Report { proposal, epoch, news, why } => on_report(
            state,
            *proposal,
            by,
            Told { epoch: *epoch, news: *news, why: why.as_deref() },
        ),
        Command::Ways { to } => on_ways(state, by, to),
        Command::Maintain { windows } => on_maintain(state, by, windows),
        Command::Renew => {
            renew(state, by);
            Ok(())
        }
        Command::Cede { upto } => {
            cede(state, by, *upto);
            Ok(())
        }
    }
}

/// Time goes on: never back, and never by more than a step, however a leader's clock jumps.
/// Only the first tick sets it freely.
fn tick(state: &mut State, at: Instant) {
    let furthest = match state.now {
        Instant::ZERO => at,
        now => now + state.rules.tick,
    };
    let before = state.now;
    state.now = at.min(furthest).max(state.now);
    sources::pass(state, before);
    pass(state, before);
    close_slots(state);
    resume(state);
    expire(state);
    sources::go_on_without(state);
    hurry(state);
    check(state);
    let (slot, now, memory) = (state.slot(), state.now, state.rules.memory);
    state.maintenance.forget(slot);
    state.settling.retain(|settling| settling.until > slot);
    state.taken_back.retain(|taken_back| taken_back.at + memory > now);
}
