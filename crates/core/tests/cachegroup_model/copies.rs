//! Copies that pass from member to member: the right bytes under the right version, whatever
//! the leader believes of who has what.

use swell_core::cachegroup::level::{Acknowledgement, ReadLevel};
use swell_core::cachegroup::way::Way;

use crate::case::{Before, Case, Client, Halt, Step, X, Y};
use crate::check::{breaks, holds};
use crate::flaw::Flaw;

const WRITE: Step = Step::Write(X, Acknowledgement::Committed);
const READ: Step = Step::Read(X, ReadLevel::Strict);
const READ_CAUSALLY: Step = Step::Read(X, ReadLevel::Causal);

/// A node has the first version; the second is read at it, and at others, which are sent to
/// each other in turn.
fn passed_on(flaw: Flaw) -> Case {
    let mut case = Case::one_content(flaw);
    case.nodes = 5;
    case.clients = vec![
        Client { steps: vec![(1, WRITE), (1, WRITE)] },
        Client { steps: vec![(2, READ), (2, READ)] },
        Client { steps: vec![(3, READ)] },
        Client { steps: vec![(4, READ)] },
    ];
    case.before = vec![Before::Step(0), Before::Step(1), Before::Step(0)];
    case.timers = vec![2, 3, 4];
    case
}

/// Bytes of the first version are on their way to a node when the second comes there.
fn overtaken(flaw: Flaw) -> Case {
    let mut case = Case::one_content(flaw);
    case.clients = vec![
        Client { steps: vec![(2, WRITE), (2, WRITE)] },
        Client { steps: vec![(3, READ)] },
        Client { steps: vec![(3, READ), (3, READ_CAUSALLY)] },
    ];
    case.before = vec![Before::Step(0), Before::StepUntil(1, Halt::Data), Before::Step(0)];
    case.timers = vec![3];
    case
}

#[test]
fn a_version_is_passed_on() {
    holds(&passed_on(Flaw::None), 600_000);
}

/// The leader passes questions on, and fetches for those who ask what no member has.
#[test]
fn a_version_is_passed_on_by_the_leader() {
    for way in [Way::Forward, Way::Relay] {
        let mut case = passed_on(Flaw::None);
        case.conduct.way = way;
        case.clients[1].steps.truncate(1);
        case.clients.truncate(3);
        case.before = vec![Before::Step(0)];
        holds(&case, 600_000);
    }
}

/// No member has the version any more: the leader fetches it for two who ask, while a writer makes
/// the next one.
fn relayed() -> Case {
    let mut case = passed_on(Flaw::None);
    case.conduct.way = Way::Relay;
    case.clients[1].steps.truncate(1);
    case.clients.truncate(3);
    case.before = vec![Before::Step(0), Before::Evict(X, 1)];
    case.timers = vec![2, 3];
    case
}

#[test]
fn a_version_that_no_member_has_comes_through_the_leader() {
    holds(&relayed(), 600_000);
}

/// A leader that forgets looks at the data store anew, and nobody goes back in time.
#[test]
fn a_content_is_forgotten_and_found_again() {
    let mut case = Case::one_content(Flaw::None);
    let write = |content| Step::Write(content, Acknowledgement::Committed);
    case.nodes = 5;
    case.conduct.rows_max = 1;
    case.known = vec![X];
    case.clients = vec![
        Client { steps: vec![(2, write(X)), (2, write(X))] },
        // Another node has the first version, and its reader sees the second elsewhere.
        Client { steps: vec![(3, READ_CAUSALLY), (2, READ), (3, READ_CAUSALLY)] },
        Client { steps: vec![(2, Step::Read(Y, ReadLevel::Strict))] },
    ];
    case.before = vec![Before::Step(0), Before::Step(1), Before::Step(0)];
    case.timers = vec![2, 3];
    case.tokens = 5;
    holds(&case, 600_000);
}

#[test]
fn a_version_is_overtaken() {
    holds(&overtaken(Flaw::None), 600_000);
}

/// I10: a wrong hint costs a way, and changes no result.
#[test]
fn a_leader_that_is_lied_to() {
    let mut case = passed_on(Flaw::None);
    case.before = vec![Before::Step(0), Before::Lie(X, 1), Before::Lie(X, 2)];
    case.clients[0].steps.truncate(1);
    case.clients[1].steps.truncate(1);
    holds(&case, 600_000);
}

#[test]
fn a_member_that_gives_any_version() {
    breaks(&passed_on(Flaw::PullsAnyVersion), &["I9 on the wire"], 600_000);
}

#[test]
fn a_member_that_takes_late_data() {
    breaks(&overtaken(Flaw::TakesLateData), &["I8"], 600_000);
}
