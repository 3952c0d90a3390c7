//! Three voters, and who leads them: leases from a majority, epochs from the data store.

use crate::case::{Before, Case, Halt};
use crate::check::{breaks, holds, holds_so_far};
use crate::flaw::Flaw;

pub(crate) fn three_voters(flaw: Flaw) -> Case {
    let mut case = Case::one_content(flaw);
    case.nodes = 3;
    case.groups[0].voters = vec![0, 1, 2];
    case.clients.clear();
    case.known.clear();
    case.timers = vec![0, 1, 2];
    case.ticks = 1;
    case
}

/// Two stand, and the third voter, whose promise either needs, is started anew.
fn forgetful(flaw: Flaw) -> Case {
    let mut case = three_voters(flaw);
    case.is_elected = false;
    case.ticks = 0;
    case.timers = vec![0, 2];
    case.crashing = vec![1];
    case.crashes = 1;
    case
}

#[test]
fn one_leads_at_a_time() {
    holds(&three_voters(Flaw::None), 300_000);
}

#[test]
fn one_leads_at_a_time_though_a_voter_forgets() {
    holds_so_far(&forgetful(Flaw::None), 300_000);
}

/// Nobody leads yet, so that who stands may hear of its support a lease later.
#[test]
fn a_lease_that_counts_from_its_receipt() {
    let mut case = three_voters(Flaw::LeaseFromReceipt);
    case.is_elected = false;
    case.before = vec![Before::Stand(0, Halt::Promise)];
    case.timers = vec![1];
    breaks(&case, &["I4"], 600_000);
}

#[test]
fn a_voter_that_breaks_its_promise() {
    breaks(&three_voters(Flaw::BreaksPromises), &["I4"], 300_000);
}

#[test]
fn a_voter_that_forgets_its_promise() {
    breaks(&forgetful(Flaw::ForgetsPromises), &["I4"], 300_000);
}

#[test]
fn a_leader_without_a_majority() {
    breaks(&three_voters(Flaw::Minority), &["I4"], 300_000);
}
