//! A site that tells false counters of itself is found out by what others saw answered there.

use swell_consensus::log::Look;
use swell_core::council::proposal::Outcome;
use swell_core::council::weighing::standing;
use swell_core::council::words::Metric;
use swell_site::naming::site_id;

use crate::moving::{file, filing};
use crate::town::Town;

fn steady(_: f64) -> f64 {
    300.0
}

/// What oslo sees of lima, and what lima weighs, after as long a time.
async fn play(is_lying: bool) -> (u32, u32) {
    let town = Town::new(&[("mail", 0, steady), ("news", 2, steady)]).await;
    town.pass(10.0).await;
    file(&town, filing(&town, "mail", 0, 1)).await.expect("it can be filed");
    town.until(60, "the move is done", |state| {
        state.ended.values().any(|ended| ended.outcome == Outcome::Done)
    })
    .await;
    if is_lying {
        town.world.cooks.lock().insert(1);
    }
    town.pass(120.0).await;
    let lima = site_id("lima");
    let is_doubted = town.sites[0].look(|_, monitor| monitor.doubted().contains(&lima));
    assert_eq!(is_doubted, is_lying);
    let seen = town.sites[0].look(|state, monitor| monitor.seen_ppm(state, lima, Metric::Cpu));
    let weight = town.logs[0].look(|state| standing(state, Metric::Cpu).get(&lima).copied());
    (seen.expect("it is measured"), weight.expect("it is a member"))
}

#[tokio::test(start_paused = true)]
async fn false_counters_are_not_believed_and_cost_weight() {
    let (seen, weight) = play(false).await;
    assert!(seen.abs_diff(300_000) < 30_000, "{seen}");
    let (seen_lying, weight_lying) = play(true).await;
    assert!(seen_lying.abs_diff(300_000) < 30_000, "it told a fifth of it: {seen_lying}");
    assert!(weight_lying * 2 < weight, "{weight_lying} of {weight} before");
}
