//! A write while the data store is away: what was acknowledged must not be lost with one node.

use swell_core::cachegroup::level::{Acknowledgement, ReadLevel};
use swell_core::time::Span;

use crate::case::{Case, Client, Step, X};
use crate::check::{breaks, holds_so_far};
use crate::flaw::Flaw;

/// Three voters, a writer that does not vote, and a reader at the voter that leads next.
fn outage(flaw: Flaw) -> Case {
    let mut case = Case::one_content(flaw);
    case.groups[0].voters = vec![0, 1, 2];
    let write = Step::Write(X, Acknowledgement::Pending(2));
    let read = Step::Read(X, ReadLevel::Strict);
    case.clients = vec![Client { steps: vec![(3, write)] }, Client { steps: vec![(2, read)] }];
    case.ticks = 1;
    case.timers = vec![2];
    case.outages = 1;
    case.crashing = vec![0];
    case.crashes = 1;
    // Who keeps a pending version keeps its lock: the lock's end is not what is looked at here.
    case.timing.lock = Span::from_nanos(700);
    case
}

#[test]
fn what_is_acknowledged_outlives_the_leader() {
    holds_so_far(&outage(Flaw::None), 600_000);
}

#[test]
fn a_leader_that_does_not_wait_for_what_is_pending() {
    breaks(&outage(Flaw::AdoptsNothing), &["pending is not lost"], 2_000_000);
}

#[test]
fn a_voter_that_keeps_copies_for_a_reign_that_is_over() {
    breaks(&outage(Flaw::TakesLateCopies), &["pending is not lost"], 2_000_000);
}
