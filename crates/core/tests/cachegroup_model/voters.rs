//! Voters that change: one electorate at a time, and nothing that waits with the former is lost.

use swell_core::cachegroup::level::{Acknowledgement, ReadLevel};
use swell_core::time::Span;

use crate::case::{Before, Case, Client, G, Halt, Step, TICK, X};
use crate::check::{breaks, holds_so_far};
use crate::election::three_voters;
use crate::flaw::Flaw;

/// Of three voters two are replaced at once, so that the lists share only the leader. The new ones
/// are told so by their settings.
fn replaced(flaw: Flaw) -> Case {
    let mut case = three_voters(flaw);
    case.nodes = 5;
    case.change = Some((G, vec![0, 3, 4]));
    case.settings = [3, 4].map(|node| (node, vec![0, 3, 4])).to_vec();
    case.timers = vec![0, 3];
    case
}

/// The next voters have not heard of the leader when the change was ordered.
fn unasked(flaw: Flaw) -> Case {
    let mut case = replaced(flaw);
    case.before = vec![Before::Cut(&[3, 4]), Before::Change(Some(Halt::Reseat))];
    case
}

/// Leases last three ticks, so that a reign can be renewed in the next one.
fn with_long_leases(mut case: Case) -> Case {
    case.timing.lease = Span::from_nanos(3 * TICK);
    case.timing.stagger = Span::from_nanos(50);
    case.ticks = 3;
    case
}

/// The data store is told of the change. The leader is supported anew by a voter of before, and
/// by none of the next, whose promises have run out.
fn told(flaw: Flaw) -> Case {
    let mut case = with_long_leases(replaced(flaw));
    // Nothing is told twice.
    case.timing.store_timeout = Span::FOREVER;
    case.timers = vec![3];
    case.before = vec![
        Before::Change(Some(Halt::Reseat)),
        Before::Tick,
        Before::Cut(&[2, 3, 4]),
        Before::Stand(0, Halt::Promise),
        Before::Tick,
        Before::Arrive(0),
        Before::Tick,
    ];
    case
}

/// A voter that heard of no leader looked at the row before the voters changed, and goes on asking
/// those of before, of whom one is not bound any more.
fn overtaken(flaw: Flaw) -> Case {
    let mut case = with_long_leases(replaced(flaw));
    case.is_elected = false;
    case.timers = vec![2];
    case.before = vec![
        Before::Cut(&[2]),
        Before::Wake(0),
        Before::Tick,
        Before::Cut(&[]),
        Before::Wake(2),
        Before::Cut(&[1]),
        Before::Change(None),
        Before::Tick,
        Before::Stand(2, Halt::Lease),
        Before::Tick,
    ];
    case
}

/// Three nodes have each other in their settings, and one of them votes in the group.
fn two_lists(flaw: Flaw) -> Case {
    let mut case = three_voters(flaw);
    case.nodes = 5;
    case.settings = [2, 3, 4].map(|node| (node, vec![2, 3, 4])).to_vec();
    case.timers = vec![0, 2, 3];
    case
}

/// A writer that does not vote, and a reader at one of the next voters.
fn written(flaw: Flaw, before: &[Before]) -> Case {
    let mut case = replaced(flaw);
    case.nodes = 6;
    case.known = vec![X];
    let write = Step::Write(X, Acknowledgement::Pending(2));
    let read = Step::Read(X, ReadLevel::Strict);
    case.clients = vec![Client { steps: vec![(5, write)] }, Client { steps: vec![(3, read)] }];
    case.timing.lock = Span::from_nanos(700);
    case.timers = vec![3];
    case.before = before.to_vec();
    case
}

/// A version was acknowledged while the data store was away; then it is back, somebody orders the
/// change, and one of the next voters stands.
const CHANGED: &[Before] = &[
    Before::Outage,
    Before::Step(0),
    Before::Return,
    Before::Change(None),
    Before::Tick,
    Before::Stand(3, Halt::Promise),
];

/// The writer has not heard of the change, and lays its copies at those who voted before.
const UNHEARD: &[Before] = &[
    Before::Change(None),
    Before::Outage,
    Before::StepUntil(0, Halt::Copy),
    Before::Arrive(0),
    Before::Arrive(1),
    Before::Arrive(5),
    Before::Return,
    Before::Tick,
    Before::Stand(3, Halt::Promise),
];

#[test]
fn one_leads_while_voters_change() {
    for case in [replaced(Flaw::None), unasked(Flaw::None), told(Flaw::None)] {
        holds_so_far(&case, 150_000);
    }
}

#[test]
fn one_leads_though_its_node_crashes() {
    let mut case = replaced(Flaw::None);
    case.before = vec![Before::Change(Some(Halt::Reseat))];
    case.crashing = vec![0];
    case.crashes = 1;
    holds_so_far(&case, 200_000);
}

#[test]
fn who_asked_the_former_voters_does_not_lead() {
    holds_so_far(&overtaken(Flaw::None), 200_000);
}

/// The data store's check alone would do, but for those who then never lead.
#[test]
fn settings_found_no_second_electorate() {
    holds_so_far(&two_lists(Flaw::None), 200_000);
}

#[test]
fn what_waits_outlives_a_change_that_is_ordered() {
    holds_so_far(&written(Flaw::None, CHANGED), 200_000);
    holds_so_far(
        &written(Flaw::None, &[Before::Outage, Before::StepUntil(0, Halt::Copy)]),
        200_000,
    );
}

#[test]
fn what_waits_is_laid_at_those_who_vote() {
    holds_so_far(&written(Flaw::None, UNHEARD), 200_000);
}

#[test]
fn a_change_ends() {
    let mut case = replaced(Flaw::None);
    case.before = vec![Before::Change(Some(Halt::Reseat))];
    case.must_end = true;
    case.ticks = 0;
    holds_so_far(&case, 50_000);
}

#[test]
fn a_node_that_stands_by_its_settings() {
    breaks(&two_lists(Flaw::OwnList), &["I4"], 600_000);
}

#[test]
fn a_reign_for_a_list_of_before() {
    breaks(&overtaken(Flaw::ClaimsBlindly), &["I4"], 600_000);
}

/// It needs both lists from then on, so it loses its reign, and nothing else.
#[test]
fn a_leader_that_tells_before_it_asks() {
    holds_so_far(&unasked(Flaw::TellsBeforeAsking), 150_000);
}

#[test]
fn a_leader_that_tells_and_needs_one_list() {
    breaks(&unasked(Flaw::LeadsAndTells), &["I4"], 600_000);
}

#[test]
fn a_leader_that_needs_one_list() {
    breaks(&told(Flaw::LeadsByOneList), &["I4"], 600_000);
}

#[test]
fn a_leader_that_changes_voters_while_something_waits() {
    let case = written(Flaw::ChangesWhileWaiting, CHANGED);
    breaks(&case, &["pending is not fenced off"], 600_000);
}

#[test]
fn a_writer_that_counts_by_hearsay() {
    let case = written(Flaw::CountsByHearsay, UNHEARD);
    breaks(&case, &["pending is not fenced off"], 600_000);
}
