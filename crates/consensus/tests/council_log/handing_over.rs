//! Leadership goes to who is told, and by itself to who predicts best.

use std::time::Duration;

use swell_consensus::log::{Log, Look};
use swell_consensus::raft::settings::Settings;
use swell_core::council::entry::{Band, Command};
use swell_core::council::words::{Metric, Slot};
use swell_core::ids::SiteId;

use crate::cluster::{Cluster, LONG};

async fn leader(cluster: &Cluster) -> SiteId {
    let mut leadership = cluster.log(SiteId(0)).leadership();
    let now = leadership.wait_for(|now| now.leader.is_some()).await.expect("it runs");
    now.leader.expect("there is one")
}

#[tokio::test(start_paused = true)]
async fn leadership_goes_to_who_is_told_and_nothing_is_lost() {
    let mut cluster = Cluster::found(5, 3, Settings::default()).await;
    for _ in 0..4 {
        let from = leader(&cluster).await;
        let to = SiteId((from.0 + 1) % 3);
        cluster.log(from).transfer(to).await.expect("it has caught up");
        let mut seen = cluster.log(from).leadership();
        seen.wait_for(|now| now.leader == Some(to)).await.expect("it runs");
        let decided = cluster.log(from).propose(Command::Renew, LONG).await;
        assert_eq!(decided.map(|decided| decided.outcome), Ok(Ok(())));
    }
    cluster.agree().await;
}

#[tokio::test(start_paused = true)]
async fn who_predicts_best_for_long_comes_to_lead() {
    let settings = Settings { tenure: Duration::ZERO, ..Settings::default() };
    let rules = settings.rules;
    let cluster = Cluster::found(6, 3, settings).await;
    let first = leader(&cluster).await;
    let best = SiteId((first.0 + 1) % 3);
    let seen = |slot: Slot| 300_000 + u32::try_from(slot.0 % 7).expect("small") * 20_000;
    for _ in 0..20 * rules.round_slots {
        let log = cluster.log(best);
        let now = log.look(|state| state.slot());
        let slot = now.plus(rules.lead_slots + 1);
        for site in (0..3).map(SiteId) {
            // One foretells what comes; the others are as wrong as can be.
            let told = if site == best { seen(slot) } else { 900_000 };
            let band = Band { low_ppm: told, middle_ppm: told, high_ppm: told };
            let (target, metric) = (site, Metric::Cpu);
            let forecast = Command::Forecast { target, metric, first: slot, bands: vec![band] };
            let _ = cluster.log(site).propose(forecast, LONG).await;
            let Some(over) = now.0.checked_sub(1).map(Slot) else { continue };
            for target in (0..3).map(SiteId) {
                let value_ppm = seen(over);
                let observe = Command::Observe { target, metric, slot: over, value_ppm };
                let _ = cluster.log(site).propose(observe, LONG).await;
            }
        }
        let next = now.plus(1).begin(rules.slot);
        cluster.tick(next.nanos().div_ceil(1_000_000)).await;
        if leader(&cluster).await == best {
            return;
        }
    }
    panic!("site {} predicts best and does not lead", best.0);
}
