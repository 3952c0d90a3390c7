//! A disk that fails, or rules that it does not know, stop a site, and no other.

use std::time::Duration;

use openraft::EntryPayload;
use openraft::entry::RaftEntry;
use openraft::raft::AppendEntriesRequest;
use openraft::vote::RaftLeaderId;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use swell_consensus::log::{Leadership, Log, LogError, Look, Standing};
use swell_consensus::raft::settings::Settings;
use swell_consensus::raft::wire::{Request, encode};
use swell_consensus::types::{LogEntry, LogId, Said, Vote};
use swell_core::council::entry::{Command, Entry};
use swell_core::council::rules::{Rules, VERSION};
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

/// What a leader of a later release would do.
#[tokio::test(start_paused = true)]
async fn a_site_stops_before_rules_that_it_does_not_know() {
    let cluster = Cluster::found(4, 3, Settings::default()).await;
    let Leadership { term, leader, .. } = *cluster.log(SiteId(0)).leadership().borrow();
    let leader = leader.expect("there is one");
    let site = cluster.log(SiteId((leader.0 + 1) % 3));
    site.barrier(LONG).await.expect("a majority");
    let before = site.look(|state| (state.index, state.rules));
    let rules = Rules { version: VERSION + 1, ..before.1 };
    let command = Command::AdoptRules(rules);
    let own = site.propose(command.clone(), LONG).await;
    assert!(matches!(&own, Err(LogError::Refused(why)) if why.contains("version")), "{own:?}");

    let vote = Vote { leader_id: RaftLeaderId::new(term, u64::from(leader.0)), committed: true };
    let id = |index| LogId { leader_id: vote.leader_id.to_committed(), index };
    let last = site.metrics().last;
    let entry = Entry { from: leader, incarnation: 1, sequence: 9_999, command };
    let append = AppendEntriesRequest {
        vote,
        prev_log_id: Some(id(last)),
        entries: vec![LogEntry::new(id(last + 1), EntryPayload::Normal(Said(entry)))],
        leader_commit: Some(id(last + 1)),
    };
    let _ = site.desk().answer(leader, &encode(&Request::Append(append))).await;
    let stopped = async {
        loop {
            match site.standing() {
                Standing::Stopped(why) => break why,
                _ => tokio::time::sleep(Duration::from_millis(1)).await,
            }
        }
    };
    let why = tokio::time::timeout(LONG, stopped).await.expect("it stops");
    assert!(why.contains("rules of version") && why.contains("upgrade"), "{why}");
    assert_eq!(
        site.look(|state| (state.index, state.rules)),
        before,
        "it is neither applied nor skipped"
    );
    assert_eq!(site.propose(Command::Renew, LONG).await, Err(LogError::Stopped(why)));
}
