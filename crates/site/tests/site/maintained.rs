//! A site that announces maintenance is empty before that begins, and nothing goes there.

use swell_consensus::log::Look;
use swell_core::council::arrival::arrived;
use swell_core::council::proposal::{Cause, Outcome};
use swell_core::time::Instant;
use swell_forecast::calendar::announced::Announced;
use swell_forecast::calendar::occasion::Occasion;
use swell_outlook::maintained::chance_of_failure;
use swell_outlook::naming::site_id;

use crate::moving::{file, filing, steady};
use crate::town::Town;

#[tokio::test(start_paused = true)]
async fn a_site_is_empty_before_its_maintenance_begins_and_nothing_goes_there() {
    let town = Town::new(&[("mail", 0, steady), ("news", 1, steady)]).await;
    let at = |second: u64| 1_000_000_000 + second * 1_000;
    let night = Occasion {
        id: "night".to_string(),
        kind: "maintenance".to_string(),
        start_ms: at(40),
        end_ms: at(70),
        functions: vec!["site/oslo".to_string()],
        effect: Announced::Unmeasured,
        ..Occasion::default()
    };
    town.world.announced.lock().insert(0, vec![night]);
    town.pass(10.0).await;
    let windows = town.logs[2].look(|state| state.maintenance.of(site_id("oslo")).len());
    assert_eq!(windows, 1, "all know");
    assert_eq!(town.holder("mail"), Some("oslo"), "there is time");
    town.until(60, "mail has left", |state| {
        state.ended.values().any(|ended| ended.outcome == Outcome::Done)
    })
    .await;
    let (left, cause) = town.logs[0].look(|state| {
        let ended = state.ended.values().next().expect("it has ended");
        (arrived(&ended.proposal).expect("it has left"), ended.proposal.filing.cause)
    });
    assert!(matches!(cause, Cause::Maintenance { .. }), "{cause:?}");
    assert!(left <= Instant::from_millis(at(40)), "{left:?}");
    assert_ne!(town.holder("mail"), Some("oslo"));
    let refused =
        file(&town, filing(&town, "news", 1, 0)).await.expect_err("nothing is left there");
    assert!(refused.contains("maintenance"), "{refused}");
    let chance = |town: &Town| {
        town.sites[2].look(|state, monitor| chance_of_failure(state, monitor, site_id("oslo")))
    };
    assert_eq!(chance(&town), 1.0);
    town.pass(40.0).await;
    assert!(chance(&town) < 0.1, "it is over, and says nothing of how likely it fails");
    file(&town, filing(&town, "news", 1, 0)).await.expect("it is over");
}
