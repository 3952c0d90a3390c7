//! Sources that are gone while something moves from them.

use swell_core::council::entry::{Command, News};
use swell_core::council::movement::Phase;
use swell_core::council::proposal::{Outcome, Trouble};
use swell_core::council::rules::Rules;
use swell_core::council::words::ProposalId;
use swell_core::time::Span;

use crate::stage::Stage;

/// A move whose source is silent after so many of its steps, for longer than its lease.
fn abandoned(version: u16, steps: usize) -> (Stage, ProposalId) {
    let mut stage = Stage::with(3, Rules { version, ..Rules::default() });
    let id = stage.approved();
    let shifts = (1..=4).map(News::Shifted);
    let way = [News::Started, News::Healthy].into_iter().chain(shifts);
    for step in way.take(steps) {
        stage.report(1, id, step).expect("a step");
    }
    for _ in 0..9 {
        stage.pass(Span::from_secs(5));
        (1..3).for_each(|site| stage.say(site, Command::Renew).expect("renewed"));
    }
    (stage, id)
}

#[test]
fn what_a_destination_has_does_not_go_back_to_a_source_that_is_gone() {
    let gone = Outcome::RolledBack(Trouble::SourceGone);
    for (steps, expected, holder, is_watched) in
        [(1, Some(gone), 0, false), (2, None, 1, false), (6, None, 1, true)]
    {
        let (stage, id) = abandoned(7, steps);
        assert_eq!((stage.outcome(id), stage.holder(0)), (expected, holder), "{steps} steps");
        let phase = stage.state.open.get(&id).and_then(|open| open.movement).map(|of| of.phase);
        assert_eq!(matches!(phase, Some(Phase::Watching { .. })), is_watched, "{steps} steps");
    }
    let (mut stage, id) = abandoned(7, 6);
    stage.watch(4, 600_000);
    assert_eq!((stage.outcome(id), stage.holder(0)), (Some(Outcome::Done), 1));
    let (mut stage, id) = abandoned(7, 2);
    stage.linger();
    let stays = Outcome::Failed(Trouble::TookTooLong);
    assert_eq!((stage.outcome(id), stage.holder(0)), (Some(stays), 1));
    let (mut stage, id) = abandoned(6, 6);
    stage.linger();
    assert_eq!((stage.outcome(id), stage.holder(0)), (None, 0), "by former rules it goes back");
}

#[test]
fn a_source_that_is_gone_while_all_goes_back_to_it_gets_nothing() {
    let mut stage = Stage::new(3);
    let id = stage.approved();
    stage.carry_out(id);
    stage.report(0, id, News::Trouble(Trouble::FailsMore)).expect("told");
    assert_eq!((stage.outcome(id), stage.holder(0)), (None, 0), "it goes back");
    (0..8).for_each(|_| stage.pass(Span::from_secs(5)));
    let gone = Outcome::Failed(Trouble::SourceGone);
    assert_eq!((stage.outcome(id), stage.holder(0)), (Some(gone), 1));
}

#[test]
fn a_source_that_renews_is_there_though_it_holds_nothing() {
    let mut stage = Stage::new(3);
    let id = stage.approved();
    stage.report(1, id, News::Started).expect("started");
    stage.report(1, id, News::Healthy).expect("healthy");
    for _ in 0..20 {
        stage.pass(Span::from_secs(5));
        stage.say(0, Command::Renew).expect("renewed");
    }
    stage.report(1, id, News::Trouble(Trouble::NotShifted)).expect("told");
    assert_eq!((stage.outcome(id), stage.holder(0)), (None, 0), "it goes back");
}
