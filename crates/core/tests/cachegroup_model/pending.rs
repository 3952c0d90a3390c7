//! A write while the data store is away: what was acknowledged must not be lost with one node.

use swell_core::cachegroup::level::{Acknowledgement, ReadLevel};
use swell_core::time::Span;

use crate::case::{Before, Case, Client, Halt, Step, X};
use crate::check::{breaks, holds, holds_so_far};
use crate::flaw::Flaw;

/// Three voters, a writer that does not vote, and a reader at the voter that leads next. The data
/// store was away when the version was made, and may come back.
pub(crate) fn outage(flaw: Flaw, written: &[Before]) -> Case {
    let mut case = Case::one_content(flaw);
    case.groups[0].voters = vec![0, 1, 2];
    let write = Step::Write(X, Acknowledgement::Pending(2));
    let read = Step::Read(X, ReadLevel::Strict);
    case.clients = vec![Client { steps: vec![(3, write)] }, Client { steps: vec![(2, read)] }];
    case.before = [&[Before::Outage], written].concat();
    case.ticks = 1;
    case.timers = vec![2];
    // Who keeps a pending version keeps its lock: the lock's end is not what is looked at here.
    case.timing.lock = Span::from_nanos(700);
    case
}

/// The version was acknowledged.
const WRITTEN: &[Before] = &[Before::Step(0)];

/// It was acknowledged, then the data store came back and another stands for election.
pub(crate) const SUCCEEDED: &[Before] =
    &[Before::Step(0), Before::Return, Before::Tick, Before::Stand(2, Halt::Promise)];

/// Another stands for election while copies of it are still on their way to some voters.
const OVERTAKEN: &[Before] = &[
    Before::StepUntil(0, Halt::Copy),
    Before::Arrive(0),
    Before::Return,
    Before::Tick,
    Before::Stand(2, Halt::Promise),
];

#[test]
fn what_is_acknowledged_outlives_its_leader() {
    for written in [WRITTEN, SUCCEEDED] {
        let mut case = outage(Flaw::None, written);
        case.crashing = vec![0];
        case.crashes = 1;
        holds_so_far(&case, 300_000);
    }
}

#[test]
fn what_is_acknowledged_outlives_its_reign() {
    holds_so_far(&outage(Flaw::None, WRITTEN), 200_000);
    holds(&outage(Flaw::None, SUCCEEDED), 1_000_000);
}

#[test]
fn nothing_is_acknowledged_that_the_next_leader_does_not_know() {
    holds_so_far(&outage(Flaw::None, &[Before::StepUntil(0, Halt::Copy)]), 200_000);
    holds(&outage(Flaw::None, OVERTAKEN), 1_000_000);
}

#[test]
fn a_leader_that_does_not_wait_for_what_is_pending() {
    breaks(&outage(Flaw::AdoptsNothing, WRITTEN), &["pending is not fenced off"], 600_000);
}

#[test]
fn a_voter_that_keeps_copies_for_a_reign_that_is_over() {
    let case = outage(Flaw::TakesLateCopies, OVERTAKEN);
    breaks(&case, &["pending is not fenced off"], 600_000);
}
