//! A disk that fails stops its site, and no other.

use std::time::Duration;

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use swell_consensus::log::{Log, LogError};
use swell_consensus::raft::settings::Settings;
use swell_core::council::entry::Command;
use swell_core::ids::SiteId;

use crate::cluster::{Cluster, LONG};

#[tokio::test(start_paused = true)]
async fn a_site_that_cannot_write_promises_nothing_any_more() {
    let mut cluster = Cluster::found(3, 3, Settings::default()).await;
    let leader = cluster.log(SiteId(0)).leadership().borrow().leader.expect("there is one");
    cluster.sites[&leader].disk.power_goes_after(0);
    let log = cluster.log(leader);
    let told = log.propose(Command::Renew, LONG).await;
    assert!(matches!(&told, Err(LogError::Stopped(why)) if !why.is_empty()), "{told:?}");
    let again = log.propose(Command::Renew, Duration::from_secs(5)).await;
    assert!(matches!(again, Err(LogError::Stopped(_))), "{again:?}");
    assert_eq!(log.leadership().borrow().leader, None, "it knows that it leads nobody");

    let other = SiteId((leader.0 + 1) % 3);
    let decided = cluster.log(other).propose(Command::Renew, LONG).await;
    assert_eq!(decided.map(|decided| decided.outcome), Ok(Ok(())), "the others go on");
    drop(log);
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
    cluster.kill(leader, &mut rng, true).await;
    cluster.agree().await;
}
