//! A site whose disk was set back keeps itself out, and takes nobody down with it.

use std::time::Duration;

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use swell_consensus::log::{Log, Standing};
use swell_consensus::raft::settings::Settings;
use swell_core::council::entry::Command;
use swell_core::ids::SiteId;

use crate::cluster::{Cluster, LONG};
use crate::disk::Disk;

/// Waits in virtual time until something holds.
async fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..1_200 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("never: {what}");
}

async fn renew(cluster: &Cluster, site: SiteId) {
    let decided = cluster.log(site).propose(Command::Renew, LONG).await;
    assert_eq!(decided.map(|decided| decided.outcome), Ok(Ok(())), "site {}", site.0);
}

/// Sets the disk of a follower back to nothing; whether it had spoken before is told.
async fn set_back(has_spoken: bool) -> (Cluster, SiteId, SiteId) {
    let mut cluster = Cluster::found(11, 3, Settings::default()).await;
    let leader = cluster.log(SiteId(0)).leadership().borrow().leader.expect("there is one");
    let follower = SiteId((leader.0 + 1) % 3);
    for _ in 0..5 {
        renew(&cluster, leader).await;
    }
    if has_spoken {
        renew(&cluster, follower).await;
    }
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(11);
    cluster.kill(follower, &mut rng, false).await;
    cluster.sites.get_mut(&follower).expect("a site").disk = Disk::default();
    cluster.start(follower).await;
    (cluster, leader, follower)
}

#[tokio::test(start_paused = true)]
async fn a_leader_bears_a_follower_whose_log_was_set_back_and_knows_of_it() {
    let (mut cluster, leader, follower) = set_back(false).await;
    renew(&cluster, leader).await;
    let log = cluster.log(leader);
    until("the leader knows", || log.forgetful().contains(&follower)).await;
    assert_eq!(log.standing(), Standing::Deciding);
    assert!(log.leadership().borrow().is_ours, "it leads on");
    // It has said nothing before, so it may go on, and has all that it had lost.
    renew(&cluster, follower).await;
    drop(log);
    cluster.agree().await;
}

#[tokio::test(start_paused = true)]
async fn a_site_that_has_forgotten_its_own_words_stops() {
    let (cluster, leader, follower) = set_back(true).await;
    renew(&cluster, leader).await;
    let log = cluster.log(follower);
    let is_stopped =
        || matches!(log.standing(), Standing::Stopped(why) if why.contains("old copy"));
    until("it stops, and says why", is_stopped).await;
    assert_eq!(log.leadership().borrow().leader, None);
    renew(&cluster, leader).await;
    assert_eq!(cluster.log(leader).standing(), Standing::Deciding, "the others go on");
}

#[tokio::test(start_paused = true)]
async fn who_knows_of_another_decision_stops_instead_of_taking_it_back() {
    let mut cluster = Cluster::found(12, 3, Settings::default()).await;
    let leader = cluster.log(SiteId(0)).leadership().borrow().leader.expect("there is one");
    let [one, other] = [1, 2].map(|step| SiteId((leader.0 + step) % 3));
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(12);
    // One is behind, the other confirms and loses it: a majority that knows less.
    cluster.kill(one, &mut rng, false).await;
    for _ in 0..5 {
        renew(&cluster, leader).await;
    }
    cluster.kill(leader, &mut rng, false).await;
    cluster.kill(other, &mut rng, false).await;
    let old = cluster.sites[&one].disk.clone();
    cluster.sites.get_mut(&one).expect("a site").disk = old;
    cluster.sites.get_mut(&other).expect("a site").disk = Disk::default();
    cluster.start(one).await;
    cluster.start(other).await;
    for _ in 0..8 {
        renew(&cluster, one).await;
    }
    cluster.start(leader).await;
    let log = cluster.log(leader);
    let is_stopped =
        || matches!(log.standing(), Standing::Stopped(why) if why.contains("decided anew"));
    until("it stops, and says why", is_stopped).await;
    renew(&cluster, one).await;
}

#[tokio::test(start_paused = true)]
async fn who_hears_no_majority_knows_that_nothing_can_be_decided() {
    let cluster = Cluster::found(13, 3, Settings::default()).await;
    let leader = cluster.log(SiteId(0)).leadership().borrow().leader.expect("there is one");
    let follower = SiteId((leader.0 + 1) % 3);
    for alone in [leader, follower] {
        for other in (0..3).map(SiteId).filter(|other| *other != alone) {
            cluster.net.cut(alone, other);
            cluster.net.cut(other, alone);
        }
        let log = cluster.log(alone);
        until("it knows", || log.standing() == Standing::CutOff).await;
        cluster.net.heal();
        until("it is back", || log.standing() == Standing::Deciding).await;
    }
}
