//! What other sites may send and should not: each is refused with a reason, and nothing changes.

use std::sync::Arc;
use std::time::Duration;

use openraft::raft::{AppendEntriesRequest, VoteRequest};
use openraft::vote::RaftLeaderId;
use swell_consensus::log::{Change, Log, LogError, Look};
use swell_consensus::raft::raft_log::RaftLog;
use swell_consensus::raft::settings::Settings;
use swell_consensus::raft::wire::{Reply, Request, decode, encode};
use swell_consensus::types::{SnapshotMeta, Vote};
use swell_core::council::entry::{Command, Entry, Reason};
use swell_core::council::image::digest;
use swell_core::council::proposal::{
    CONDITIONS_MAX, Cause, Condition, Criterion, Filing, Rollback,
};
use swell_core::council::refusal::Refusal;
use swell_core::council::words::{Epoch, Loads, Metric, ProposalId, WorkloadId};
use swell_core::ids::SiteId;
use swell_core::time::Instant;

use crate::cluster::{Cluster, LONG};

async fn cluster() -> (Cluster, Arc<RaftLog>) {
    let cluster = Cluster::found(1, 3, Settings::default()).await;
    let leader = cluster.log(SiteId(0)).leadership().borrow().leader.expect("there is one");
    let log = cluster.log(leader);
    (cluster, log)
}

fn vote(term: u64, candidate: u64, committed: bool) -> Vote {
    Vote { leader_id: RaftLeaderId::new(term, candidate), committed }
}

fn said(from: SiteId, sequence: u64, command: Command) -> Request {
    Request::Propose(vec![Entry { from, incarnation: 1, sequence, command }])
}

async fn refused(log: &RaftLog, from: SiteId, message: &[u8], because: &str) {
    let before = (log.look(digest), log.metrics().leadership);
    let answer = log.desk().answer(from, message).await;
    match decode(&answer) {
        Ok(Reply::Refused(why)) => assert!(why.contains(because), "`{why}`"),
        Ok(Reply::NotMember) => assert_eq!(because, "no member"),
        other => panic!("it is not refused: {other:?}"),
    }
    assert_eq!((log.look(digest), log.metrics().leadership), before, "{because}");
}

#[tokio::test(start_paused = true)]
async fn forged_messages_change_nothing() {
    let (_cluster, log) = cluster().await;
    let (one, two) = (SiteId(1), SiteId(2));
    let tick = Command::Tick { at: Instant::from_millis(9) };
    let renew = |from, sequence| Entry { from, incarnation: 1, sequence, command: Command::Renew };
    let entries = |vote| AppendEntriesRequest {
        vote,
        prev_log_id: None,
        entries: Vec::new(),
        leader_commit: None,
    };
    let snapshot = Request::Snapshot {
        vote: vote(900, 1, true),
        meta: SnapshotMeta::default(),
        image: vec![1; 99],
    };
    for (from, request, because) in [
        (one, said(two, 1, Command::Renew), "speaks for site 2"),
        (one, said(one, 1, tick), "only the leader tells the time"),
        (one, Request::Propose(Vec::new()), "come together"),
        (one, Request::Propose(vec![renew(one, 1), renew(one, 2)]), "come together"),
        (one, Request::Propose(vec![renew(one, 1), renew(two, 1)]), "speaks for site 2"),
        (SiteId(7), said(SiteId(7), 1, Command::Renew), "no member"),
        (SiteId(7), Request::ReadIndex, "no member"),
        (SiteId(7), Request::Change(Change::Leave { site: one }), "no member"),
        (one, Request::Vote(VoteRequest::new(vote(900, 2, false), None)), "speaks for site 2"),
        (one, Request::PreVote(VoteRequest::new(vote(900, 2, false), None)), "speaks for site 2"),
        (one, Request::Append(entries(vote(900, 2, true))), "speaks for site 2"),
        (one, Request::Append(entries(vote(900, 1, false))), "was not elected"),
        (one, snapshot, "snapshot is damaged"),
    ] {
        refused(&log, from, &encode(&request), because).await;
    }
    let whole = encode(&said(one, 1, Command::Renew));
    for cut in 1..whole.len() {
        refused(&log, one, &whole[..cut], "cut or changed").await;
    }
    refused(&log, one, &[], "empty").await;
}

#[tokio::test(start_paused = true)]
async fn a_member_changes_neither_the_rules_nor_other_members() {
    let (cluster, log) = cluster().await;
    let mut others = (0..3).map(SiteId).filter(|site| *site != log.site());
    let (one, two) = (others.next().expect("a site"), others.next().expect("another"));
    let named = |name: &str| Command::Introduce { site: two, name: name.to_owned(), lot: 7 };
    let admit = |site: SiteId, milli| Command::Admit { site, capacity: Loads::cpu(milli) };
    let decided = log.propose(named("kobe"), LONG).await.expect("a majority");
    assert_eq!(decided.outcome, Ok(()));
    let rules = log.look(|state| state.rules);
    for (command, because) in [
        (Command::AdoptRules(rules), "who founds a cluster"),
        (admit(two, 1), "the site itself"),
        (named("lima"), "the site itself"),
    ] {
        refused(&log, one, &encode(&said(one, 90, command)), because).await;
    }
    // A join that is said again, a site's own word, and a newcomer.
    let fine = [
        (one, admit(two, 1_000)),
        (one, named("kobe")),
        (two, admit(two, 900)),
        (one, admit(SiteId(5), 10)),
    ];
    for (from, command) in fine {
        // By the sites themselves: one that hears words that it did not say stops.
        let decided = cluster.log(from).propose(command, LONG).await.expect("a majority");
        assert_eq!(decided.outcome, Ok(()));
    }
    log.barrier(LONG).await.expect("a majority");
    let bears =
        |site: SiteId| log.look(|state| state.members.get(&site).map(|member| member.capacity));
    assert_eq!(bears(two), Some(Loads::cpu(900)));
    assert_eq!(bears(SiteId(5)), Some(Loads::cpu(10)));
}

#[tokio::test(start_paused = true)]
async fn a_stranger_is_not_elected_and_deposes_nobody() {
    let (_cluster, log) = cluster().await;
    let before = log.metrics().leadership;
    let ask = Request::Vote(VoteRequest::new(vote(900, 7, false), None));
    match decode(&log.desk().answer(SiteId(7), &encode(&ask)).await) {
        Ok(Reply::Vote(answer)) => assert!(!answer.vote_granted, "{answer}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(log.metrics().leadership, before);
    log.propose(Command::Renew, LONG).await.expect("it goes on");
}

#[tokio::test(start_paused = true)]
async fn a_message_that_comes_again_is_decided_once() {
    let (_cluster, log) = cluster().await;
    let other = SiteId(if log.site() == SiteId(1) { 2 } else { 1 });
    let message = encode(&said(other, 40, Command::Renew));
    let mut entries = log.entries();
    for _ in 0..3 {
        let answer = log.desk().answer(other, &message).await;
        assert!(matches!(decode(&answer), Ok(Reply::Committed)));
    }
    let first = entries.recv().await.expect("it comes").outcome;
    assert_eq!(first, Ok(()));
    for _ in 0..2 {
        let again = entries.recv().await.expect("it comes").outcome;
        assert_eq!(again, Err(Refusal::Replayed { sequence: 40 }));
    }
}

#[tokio::test(start_paused = true)]
async fn what_makes_no_sense_is_told_to_who_said_it() {
    let (_cluster, log) = cluster().await;
    let vote = Command::Vote {
        proposal: ProposalId(77),
        yes: true,
        reason: Reason::Ordered,
        claim_ppm: 999_999,
    };
    let decided = log.propose(vote, LONG).await.expect("a majority");
    assert_eq!(decided.outcome, Err(Refusal::UnknownProposal(ProposalId(77))));

    let condition = Condition { site: SiteId(0), metric: Metric::Cpu, at_most_ppm: 1 };
    let conditions = vec![condition; CONDITIONS_MAX * 4_096];
    let filing = Filing {
        workloads: [(WorkloadId(1), Epoch(0))].into(),
        source: SiteId(0),
        destination: SiteId(1),
        deadline: Instant::from_millis(10),
        cause: Cause::Order,
        criterion: Criterion { conditions, window_slots: 1, samples_min: 1 },
        rollback: Rollback::Stay,
    };
    let long = log.propose(Command::Propose(Box::new(filing)), LONG).await;
    assert!(matches!(&long, Err(LogError::Refused(why)) if why.contains("say less")), "{long:?}");

    for (change, because) in [
        (Change::Voters([SiteId(0), SiteId(9)].into()), "has not joined"),
        (Change::Voters([].into()), "at least one voter"),
        (Change::Leave { site: SiteId(1) }, "is a voter"),
        (Change::Join { site: SiteId(9), address: "nowhere".to_owned() }, "no address"),
    ] {
        let refused = log.change(change, LONG).await.expect_err("it makes no sense");
        assert!(refused.to_string().contains(because), "{refused}");
    }
    let stranger = log.transfer(SiteId(9)).await.expect_err("it is no voter");
    assert!(stranger.to_string().contains("no voter"), "{stranger}");
    let admit = Command::Admit { site: SiteId(5), capacity: Loads::cpu(1) };
    let decided = log.propose(admit, Duration::from_secs(5)).await.expect("it goes on");
    assert_eq!(decided.outcome, Ok(()));
}
