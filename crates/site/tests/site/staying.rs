//! What does not move: in shadow, and where nobody is reached.

use std::time::Duration;

use swell_consensus::log::{LogError, Look};
use swell_core::council::entry::Command;
use swell_core::council::proposal::Outcome;
use swell_core::council::words::Mode;
use swell_core::time::{Instant, Span};
use swell_forecast::calendar::announced::Announced;
use swell_forecast::calendar::occasion::Occasion;
use swell_outlook::naming::{site_id, workload_id};
use swell_site::route::Route;

use crate::town::{SLOT, Town};

fn rising(second: f64) -> f64 {
    250.0 + (second - 30.0).max(0.0) * 1_000.0 / 60.0
}

fn steady(_: f64) -> f64 {
    300.0
}

#[tokio::test(start_paused = true)]
async fn in_shadow_everything_is_decided_and_nothing_moves() {
    let town = Town::new(&[("shop", 0, rising), ("mail", 0, steady)]).await;
    let shadow = Command::SetMode { workload: None, mode: Mode::Shadow };
    town.pass(2.0).await;
    town.sites[1]
        .say(shadow, Duration::from_secs(1))
        .await
        .expect("it is decided")
        .outcome
        .expect("it is fine");
    town.until(70, "a move is approved", |state| {
        state.ended.values().any(|ended| ended.outcome == Outcome::Shadow)
    })
    .await;
    assert_eq!((town.holder("shop"), town.holder("mail")), (Some("oslo"), Some("oslo")));
    assert!(town.world.calls.lock().is_empty(), "nobody did anything");
}

#[tokio::test(start_paused = true)]
async fn a_name_is_at_the_site_that_says_so_first_and_who_has_it_as_well_is_told() {
    let town = Town::new(&[("mail", 0, steady)]).await;
    town.pass(10.7).await;
    let claimed = |place: usize, name: &str| {
        let (site, id) = (town.sites[place].clone(), workload_id(name));
        async move { site.claim(id).await }
    };
    assert_eq!(claimed(0, "twin").await, Ok(()));
    assert_eq!(claimed(1, "twin").await, Err(site_id("oslo")));
    assert_eq!(town.holder("twin"), Some("oslo"));
    assert_eq!(claimed(0, "mail").await, Ok(()), "it is known whose that is");
    town.world.running.lock()[1].insert("mail".to_string());
    town.pass(6.0).await;
    let trouble = town.sites[1].trouble().expect("it is told");
    assert!(trouble.contains("`mail`") && trouble.contains("`oslo`"), "{trouble}");
    town.world.running.lock()[1].remove("mail");
    town.pass(6.0).await;
    assert_eq!(town.sites[1].trouble(), None, "it was removed");
}

#[tokio::test(start_paused = true)]
async fn a_name_is_taken_before_the_first_slot_is_over_and_known_to_others() {
    let town = Town::new(&[("mail", 0, steady)]).await;
    let claimed = |place: usize, name: &str| {
        let (site, id) = (town.sites[place].clone(), workload_id(name));
        async move { site.claim(id).await }
    };
    assert_eq!(town.logs[0].look(|state| state.now), Instant::ZERO, "nobody told the time yet");
    assert_eq!(claimed(0, "twin").await, Ok(()));
    assert_eq!(claimed(1, "twin").await, Err(site_id("oslo")));
    let site = town.sites[1].clone();
    let acquainted = tokio::spawn(async move { site.acquaint().await });
    town.pass(0.4).await;
    assert!(!acquainted.is_finished(), "it is not known what the claim is called");
    town.world.running.lock()[0].insert("twin".to_string());
    town.pass(1.0).await;
    assert!(acquainted.is_finished(), "all is known");
    assert_eq!(town.sites[1].names().workload(workload_id("twin")), "twin");
    let taken = claimed(1, "mail").await;
    assert_eq!(taken, Err(site_id("oslo")), "it was deployed there before there were sites");
    let slots = town.logs[0].look(|state| state.now.since(Instant::from_millis(1_000_000_000)));
    assert!(slots < SLOT, "no slot is over");
}

#[tokio::test(start_paused = true)]
async fn what_came_up_is_kept_by_who_stands_by_before_the_slot_is_over_and_looked_at_in_each() {
    let town = Town::new(&[("mail", 0, steady)]).await;
    *town.world.gossips.lock() = true;
    town.pass(7.0).await;
    let now = || town.logs[0].look(|state| state.now);
    let begun = now();
    town.sites[0].claim(workload_id("twin")).await.expect("it is free");
    town.world.running.lock()[0].insert("twin".to_string());
    let kept = || {
        let kept = town.world.kept.lock();
        kept.iter().filter(|(_, workload)| workload == "twin").cloned().collect::<Vec<_>>()
    };
    while kept().is_empty() && now().since(begun) < SLOT {
        town.pass(0.1).await;
    }
    assert!(now().since(begun) < Span::from_millis(1_000), "it is soon: {:?}", now().since(begun));
    assert_eq!(kept().len(), 1, "one site does");
    town.pass(6.0).await;
    assert!((3..=5).contains(&kept().len()), "once a slot: {:?}", kept());
    assert!(kept().iter().all(|one| *one == kept()[0]), "it is always the same");
}

#[tokio::test(start_paused = true)]
async fn a_site_that_is_cut_off_serves_and_moves_nothing() {
    let town = Town::new(&[("shop", 0, rising), ("mail", 0, steady)]).await;
    town.pass(10.0).await;
    let lima = |town: &Town| town.sites[0].resource_trip(site_id("lima"));
    assert_eq!(lima(&town), Some(Some(Duration::from_millis(1))));
    town.cluster.cut(site_id("oslo"));
    town.world.cut.lock().insert(0);
    town.pass(60.0).await;
    assert_eq!(lima(&town), Some(None), "it is asked though no slots go by");
    assert_eq!(town.sites[0].route_of("shop", Some("shop")), Route::Here, "it serves");
    assert!(town.world.calls.lock().is_empty(), "{:?}", town.world.calls.lock());
    let renew = town.sites[0].say(Command::Renew, Duration::from_secs(1)).await;
    assert_eq!(renew, Err(LogError::TimedOut));
    town.cluster.heal(site_id("oslo"));
    town.world.cut.lock().clear();
    town.until(40, "it takes part again", |state| {
        state.workloads.values().all(|known| known.authority.lease_until > state.now)
    })
    .await;
}

/// Something that a calendar says of a minute from then on.
fn announced(pattern: &str, times: f32) -> Occasion {
    let now_ms = 1_000_000_000 + 16_000;
    Occasion {
        id: "sale".to_string(),
        kind: "campaign".to_string(),
        start_ms: now_ms + 12_000,
        end_ms: now_ms + 60_000,
        functions: vec![pattern.to_string()],
        effect: Announced::Times(times),
        ..Occasion::default()
    }
}

async fn approved(town: &Town) {
    town.until(12, "a move is approved", |state| {
        state.open.values().any(|open| open.movement.is_some())
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_a_calendar_announces_is_moved_before_it_comes() {
    let town = Town::new(&[("shop", 0, steady), ("mail", 0, steady)]).await;
    town.pass(16.0).await;
    town.world.occasions.lock().push(announced("shop", 2.5));
    approved(&town).await;
    let predicted = town.logs[0].look(|state| {
        state.open.values().map(|open| (open.filing.source, open.predicted_ppm)).next()
    });
    let (source, predicted) = predicted.expect("it is open");
    assert_eq!(source, site_id("oslo"));
    assert!(predicted > 1_000_000, "the sale is in the forecast: {predicted}");
}

#[tokio::test(start_paused = true)]
async fn what_a_site_announces_of_itself_is_known_to_those_who_vote() {
    let town = Town::new(&[("shop", 0, steady), ("mail", 0, steady)]).await;
    town.pass(16.0).await;
    town.world.announced.lock().insert(0, vec![announced("site/oslo", 1.8)]);
    approved(&town).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_site_announces_of_others_moves_nobody() {
    let town = Town::new(&[("shop", 0, steady), ("mail", 0, steady)]).await;
    town.pass(16.0).await;
    town.world.announced.lock().insert(1, vec![announced("site/oslo", 1.8)]);
    town.pass(24.0).await;
    let moves = town.logs[0].look(|state| {
        let ended = state.ended.values().filter(|ended| ended.proposal.movement.is_some());
        ended.count() + state.open.values().filter(|open| open.movement.is_some()).count()
    });
    assert_eq!(moves, 0, "one voice is not enough");
}
