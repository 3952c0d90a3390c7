//! What the parties to a move keep warm, and say of what went wrong.

use swell_core::council::entry::{Command, News};
use swell_core::council::order::{Task, held_warm, orders};
use swell_core::council::proposal::Trouble;
use swell_core::council::words::WorkloadId;
use swell_core::ids::SiteId;

use crate::stage::Stage;

#[test]
fn until_a_move_is_over_both_parties_keep_it_warm() {
    let held = |stage: &Stage| {
        [0, 1, 2].map(|site| held_warm(&stage.state, SiteId(site)).contains(&WorkloadId(0)))
    };
    let mut stage = Stage::new(3);
    let id = stage.approved();
    assert_eq!(held(&stage), [false, true, false], "the source serves as ever");
    stage.report(1, id, News::Started).expect("started");
    stage.report(1, id, News::Healthy).expect("healthy");
    assert_eq!(held(&stage), [true, true, false]);
    for parts in 1..=4 {
        stage.report(1, id, News::Shifted(parts)).expect("shifted");
    }
    assert_eq!(held(&stage), [true, true, false], "while it is drained");
    stage.report(0, id, News::Drained).expect("drained");
    stage.watch(3, 950_000);
    assert_eq!(held(&stage), [true, true, false], "and as long as it is looked");
    stage.watch(1, 950_000);
    assert_eq!(orders(&stage.state, SiteId(0))[0].task, Task::TakeBack);
    assert_eq!(held(&stage), [true, false, false], "and on the way back");
    stage.report(0, id, News::Returned).expect("returned");
    assert_eq!(held(&stage), [false; 3]);
}

#[test]
fn what_went_wrong_stays_with_the_proposal() {
    let mut stage = Stage::new(3);
    let id = stage.approved();
    let epoch = stage.state.open[&id].movement.expect("it moves").epoch;
    let news = News::Trouble(Trouble::NotStarted);
    let why = Some("no memory ".repeat(1_000));
    stage.say(1, Command::Report { proposal: id, epoch, news, why }).expect("told");
    let why = stage.state.ended[&id].proposal.why.clone().expect("it is kept");
    assert!(why.starts_with("no memory") && why.chars().count() == 240, "{}", why.len());
}
