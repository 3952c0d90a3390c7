//! A site that tells false counters of itself is found out by what others saw answered there.

use swell_core::council::proposal::Outcome;
use swell_core::council::words::Metric;
use swell_outlook::naming::site_id;

use crate::moving::{file, filing};
use crate::town::Town;

fn steady(_: f64) -> f64 {
    300.0
}

/// What the others see of lima.
async fn play(is_lying: bool) -> Vec<u32> {
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
    let others = [&town.sites[0], &town.sites[2]];
    for site in others {
        let is_doubted = site.look(|_, monitor| monitor.doubted().contains(&lima));
        assert_eq!(is_doubted, is_lying);
    }
    let told = town.sites[0].trouble().is_some_and(|it| it.contains("tells of other calls"));
    assert_eq!(told, is_lying, "{:?}", town.sites[0].trouble());
    let seen =
        others.map(|site| site.look(|state, monitor| monitor.seen_ppm(state, lima, Metric::Cpu)));
    seen.map(|seen| seen.expect("it is measured")).to_vec()
}

#[tokio::test(start_paused = true)]
async fn false_counters_are_found_out_and_not_believed() {
    for is_lying in [false, true] {
        // It tells a fifth of it.
        let seen = play(is_lying).await;
        assert!(seen.iter().all(|seen| seen.abs_diff(300_000) < 30_000), "{seen:?}");
    }
}
