//! A peak is seen coming, and what causes it is moved before it is there.

use std::time::Duration;

use swell_consensus::log::Look;
use swell_core::council::arrival::{arrived, needed};
use swell_core::council::entry::Command;
use swell_core::council::movement::Phase;
use swell_core::council::proposal::{
    Cause, Condition, Criterion, Filing, Outcome, Rollback, Trouble,
};
use swell_core::council::state::State;
use swell_core::council::words::{Criticality, Loads, Metric, WorkloadId};
use swell_core::ids::SiteId;
use swell_outlook::naming::{site_id, workload_id};

use crate::town::{NAMES, SLOT, Town};

/// Rises from half a minute on, by a tenth of the capacity every six seconds.
pub(crate) fn rising(second: f64) -> f64 {
    250.0 + (second - 30.0).max(0.0) * 1_000.0 / 60.0
}

pub(crate) fn steady(_: f64) -> f64 {
    300.0
}

#[tokio::test(start_paused = true)]
async fn a_peak_is_moved_before_it_comes() {
    let town = Town::new(&[("shop", 0, rising), ("mail", 0, steady), ("news", 1, steady)]).await;
    town.until(60, "a move is approved", |state| {
        state.open.values().any(|open| open.movement.is_some())
    })
    .await;
    let (source, predicted) = town.logs[0].look(|state| {
        let open = state.open.values().next().expect("it is open");
        (open.filing.source, open.predicted_ppm)
    });
    assert_eq!(source, site_id("oslo"));
    assert!(predicted > 850_000, "an overload was forecast: {predicted}");
    let seen = town.sites[0].look(|state, monitor| {
        monitor.seen_ppm(state, site_id("oslo"), Metric::Cpu).expect("it was measured")
    });
    assert!(seen < 850_000, "and it was not there yet: {seen}");
    town.until(60, "the move is done", |state| {
        state.ended.values().any(|ended| ended.outcome == Outcome::Done)
    })
    .await;
    let (left, needed) = town.logs[0].look(|state| {
        let done = state.ended.values().find(|ended| ended.outcome == Outcome::Done);
        let done = &done.expect("it is done").proposal;
        (arrived(done).expect("it has left"), needed(&done.filing).expect("a slot").begin(SLOT))
    });
    assert!(left <= needed, "it left {} too late", left.since(needed));
    let moved = ["shop", "mail"].into_iter().filter(|name| town.holder(name) != Some("oslo"));
    assert_eq!(moved.count(), 1, "the least move that helps: {:?}", town.world.calls.lock());
    town.pass(4.0).await;
    let running = town.world.running.lock().clone();
    let places = |name: &str| running.iter().filter(|at| at.contains(name)).count();
    assert_eq!((places("shop"), places("mail")), (1, 1), "the source was stopped: {running:?}");
}

/// A move to a place that fills up right after: it is a wrong one, and nobody could know.
pub(crate) fn sudden(second: f64) -> f64 {
    if second > 26.0 { 1_200.0 } else { 300.0 }
}

pub(crate) fn filing(town: &Town, name: &str, from: usize, to: usize) -> Filing {
    let (workload, id) = (workload_id(name), |place: usize| site_id(NAMES[place]));
    let (epoch, deadline) = town.logs[0].look(|state| {
        let epoch = state.workloads[&workload].authority.epoch;
        (epoch, state.now + state.rules.slot * 5)
    });
    let condition = Condition { site: id(to), metric: Metric::Cpu, at_most_ppm: 850_000 };
    Filing {
        workloads: [(workload, epoch)].into(),
        source: id(from),
        destination: id(to),
        deadline,
        cause: Cause::Order,
        criterion: Criterion { conditions: vec![condition], window_slots: 3, samples_min: 1 },
        rollback: Rollback::ToSource,
    }
}

pub(crate) async fn file(town: &Town, filing: Filing) -> Result<(), String> {
    let propose = Command::Propose(Box::new(filing));
    let said = town.sites[0].say(propose, Duration::from_secs(1)).await.expect("it is decided");
    said.outcome.map_err(|refusal| refusal.to_string())
}

#[tokio::test(start_paused = true)]
async fn a_wrong_move_is_taken_back_and_not_tried_again() {
    let town = Town::new(&[("mail", 0, steady), ("news", 1, sudden)]).await;
    town.pass(22.0).await;
    file(&town, filing(&town, "mail", 0, 1)).await.expect("it can be filed");
    town.until(120, "it is taken back", |state| {
        let is_so = |outcome| outcome == Outcome::RolledBack(Trouble::DidNotHelp);
        state.ended.values().any(|ended| is_so(ended.outcome))
    })
    .await;
    assert_eq!(town.holder("mail"), Some("oslo"));
    town.pass(40.0).await;
    let running = town.world.running.lock().clone();
    assert!(running[0].contains("mail") && !running[1].contains("mail"), "{running:?}");
    let again = file(&town, filing(&town, "mail", 0, 1)).await.expect_err("it is the same move");
    assert!(again.contains("was rolled back"), "{again}");
}

#[tokio::test(start_paused = true)]
async fn what_does_not_start_stays_where_it_is() {
    let town = Town::new(&[("mail", 0, steady), ("news", 1, steady)]).await;
    town.pass(10.0).await;
    town.world.broken.lock().insert("mail".to_string());
    file(&town, filing(&town, "mail", 0, 1)).await.expect("it can be filed");
    town.until(30, "it is taken back", |state| {
        let why = Outcome::RolledBack(Trouble::NotStarted);
        state.ended.values().any(|ended| ended.outcome == why)
    })
    .await;
    assert_eq!(town.holder("mail"), Some("oslo"));
    assert!(town.world.running.lock()[0].contains("mail"));
    let why = town.logs[2].look(|state| {
        let ended = state.ended.values().next().expect("it has ended");
        ended.proposal.why.clone()
    });
    assert_eq!(why.as_deref(), Some("mail does not start"), "every site knows");
    assert_eq!(town.sites[1].trouble(), why);
    town.world.broken.lock().clear();
    let again = Filing { cause: Cause::OrderedAgain, ..filing(&town, "mail", 0, 1) };
    file(&town, again).await.expect("it can be filed");
    town.until(60, "the move is done", |state| {
        state.ended.values().any(|ended| ended.outcome == Outcome::Done)
    })
    .await;
    assert_eq!(town.sites[1].trouble(), None, "it is mended");
}

#[tokio::test(start_paused = true)]
async fn what_moves_is_kept_warm_at_both_parties_until_the_end() {
    let town = Town::new(&[("mail", 0, steady), ("news", 1, steady)]).await;
    town.pass(10.0).await;
    file(&town, filing(&town, "mail", 0, 1)).await.expect("it can be filed");
    let holds = || {
        let held = town.world.held.lock();
        [0, 1, 2].map(|place| held[place].contains("mail"))
    };
    assert_eq!(holds(), [false; 3]);
    let is_watched = |state: &State| {
        let mut moving = state.open.values().filter_map(|open| open.movement);
        moving.any(|movement| matches!(movement.phase, Phase::Watching { .. }))
    };
    town.until(60, "it is watched", is_watched).await;
    while town.logs[0].look(|state| is_watched(state)) {
        assert_eq!(holds(), [true, true, false]);
        town.pass(0.5).await;
    }
    town.pass(2.0).await;
    assert_eq!(holds(), [false; 3], "it is over");
}

#[tokio::test(start_paused = true)]
async fn what_flows_join_moves_together() {
    // What grows has no room elsewhere.
    let full: fn(f64) -> f64 = |_| 400.0;
    let little: fn(f64) -> f64 = |_| 50.0;
    let town = Town::new(&[
        ("shop", 0, rising),
        ("mail", 0, steady),
        ("news", 0, little),
        ("film", 1, full),
        ("song", 2, full),
    ])
    .await;
    town.world.joined.lock().insert("mail".to_string(), vec!["news".to_string()]);
    town.until(60, "it is watched", |state| {
        let mut moving = state.open.values().filter_map(|open| open.movement);
        moving.any(|movement| matches!(movement.phase, Phase::Watching { .. }))
    })
    .await;
    let holders = ["shop", "mail", "news"].map(|name| town.holder(name));
    assert_eq!(holders[0], Some("oslo"), "{:?}", town.world.calls.lock());
    assert!(holders[1] != Some("oslo") && holders[1] == holders[2], "{holders:?}");
}

#[tokio::test(start_paused = true)]
async fn of_many_moves_to_a_site_those_that_matter_most_begin_first() {
    const NAMES: [&str; 5] = ["mail", "news", "shop", "film", "song"];
    let little: fn(f64) -> f64 = |_| 30.0;
    let town = Town::new(&NAMES.map(|name| (name, 0, little))).await;
    town.pass(10.0).await;
    for name in ["song", "film"] {
        let (workload, demand) = (workload_id(name), Loads::cpu(30));
        let criticality = Criticality::Critical;
        let register = Command::Register { workload, criticality, demand };
        let said = town.sites[0].say(register, Duration::from_secs(1)).await.expect("decided");
        said.outcome.expect("it is registered");
    }
    *town.world.start_takes.lock() = Duration::from_secs(3);
    for name in NAMES {
        file(&town, filing(&town, name, 0, 1)).await.expect("it can be filed");
    }
    town.pass(12.0).await;
    let calls = town.world.calls.lock().clone();
    let begun: Vec<&str> =
        calls.iter().filter_map(|call| call.strip_prefix("lima starts ")).collect();
    let place = |name: &str| begun.iter().position(|begun| *begun == name);
    let last = place("shop").expect("it begins as well");
    for first in ["film", "song"] {
        assert!(place(first).is_some_and(|place| place < last), "{begun:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn votes_have_reasons_and_weigh_what_was_earned() {
    let town = Town::new(&[("mail", 0, steady), ("news", 1, steady)]).await;
    town.pass(10.0).await;
    file(&town, filing(&town, "mail", 0, 2)).await.expect("it can be filed");
    town.until(30, "it is decided", |state| {
        state.open.values().any(|open| open.movement.is_some())
    })
    .await;
    let votes: Vec<(SiteId, bool)> = town.logs[1].look(|state| {
        let open = state.open.values().next().expect("it is open");
        open.ballot.votes.iter().map(|(site, vote)| (*site, vote.yes)).collect()
    });
    assert!(votes.len() >= 2 && votes.iter().all(|(_, yes)| *yes), "{votes:?}");
    let unknown = WorkloadId(7);
    let mut filing = filing(&town, "news", 1, 2);
    filing.workloads = [(unknown, swell_core::council::words::Epoch(1))].into();
    let refused = file(&town, filing).await.expect_err("nobody registered it");
    assert!(refused.contains("nobody registered"), "{refused}");
}
