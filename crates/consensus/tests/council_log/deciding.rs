//! What a decision takes: two round trips and three syncs from the proposal to the approval, with
//! votes that are under way while their proposal is, and those of who proposes and who leads in
//! one append with it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use swell_consensus::log::{Log, Look};
use swell_consensus::raft::raft_log::RaftLog;
use swell_consensus::raft::settings::Settings;
use swell_core::council::entry::{Command, Message, Reason};
use swell_core::council::proposal::{Cause, Condition, Criterion, Filing, Rollback};
use swell_core::council::words::{Criticality, Loads, Metric, Mode, ProposalId, WorkloadId};
use swell_core::ids::SiteId;
use tokio::time::Instant;

use crate::cluster::{Cluster, LONG};
use crate::net::Weather;

/// One way, in one direction.
const WAY: Duration = Duration::from_millis(10);
/// What a sync takes. Votes are sent while their proposal is being synced.
const SYNC: Duration = Duration::from_millis(2);
const SHOP: WorkloadId = WorkloadId(1);

async fn say(log: &Arc<RaftLog>, command: Command) -> u64 {
    let decided = log.propose(command, LONG).await.expect("a majority");
    assert_eq!(decided.outcome, Ok(()));
    decided.index
}

fn yes(message: Message) -> Command {
    Command::VoteOn { message, yes: true, reason: Reason::Ordered, claim_ppm: 0 }
}

/// How sites vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Voting {
    /// Together with the proposal, and on what is appended: as sites do.
    Along,
    /// On what is appended.
    Appended,
    /// On what is applied.
    Applied,
}

fn vote(log: Arc<RaftLog>, voting: Voting) {
    let reason = Reason::Ordered;
    if voting == Voting::Along {
        log.vote_along(Box::new(|proposal| Some(yes(proposal.message()))));
    }
    tokio::spawn(async move {
        let (mut appended, mut entries) = (log.appended(), log.entries());
        loop {
            let vote = tokio::select! {
                entry = appended.recv() => {
                    let Ok(entry) = entry else { return };
                    (voting != Voting::Applied).then(|| yes(entry.message()))
                }
                entry = entries.recv() => {
                    let Ok(entry) = entry else { return };
                    let is_filed = matches!(entry.entry.command, Command::Propose(_));
                    let proposal = ProposalId(entry.index);
                    let vote = Command::Vote { proposal, yes: true, reason, claim_ppm: 0 };
                    (is_filed && voting == Voting::Applied).then_some(vote)
                }
            };
            if let Some(vote) = vote {
                let log = Arc::clone(&log);
                tokio::spawn(async move { log.propose(vote, LONG).await });
            }
        }
    });
}

/// Ways of messages one after the other until a proposal is approved where it is made, at the
/// leader or elsewhere, and the most syncs that any site waited for.
async fn decide(voting: Voting, at_leader: bool) -> (u32, u64) {
    let cluster = Cluster::found(11, 3, Settings::default()).await;
    let leader = cluster.log(SiteId(0)).leadership().borrow().leader.expect("there is one");
    let log = cluster.log(if at_leader { leader } else { SiteId((leader.0 + 1) % 3) });
    say(&log, Command::SetMode { workload: None, mode: Mode::Shadow }).await;
    let (criticality, demand) = (Criticality::Low, Loads::cpu(1));
    say(&log, Command::Register { workload: SHOP, criticality, demand }).await;
    let filing = log.look(|state| {
        let authority = state.workloads[&SHOP].authority;
        let destination = SiteId((authority.holder.0 + 1) % 3);
        let condition = Condition { site: destination, metric: Metric::Cpu, at_most_ppm: 900_000 };
        Filing {
            workloads: BTreeMap::from([(SHOP, authority.epoch)]),
            source: authority.holder,
            destination,
            deadline: state.now + state.rules.deadline,
            cause: Cause::Order,
            criterion: Criterion { conditions: vec![condition], window_slots: 1, samples_min: 1 },
            rollback: Rollback::ToSource,
        }
    });
    (0..3).for_each(|site| vote(cluster.log(SiteId(site)), voting));
    // Nothing is under way any more.
    tokio::time::sleep(Duration::from_secs(1)).await;
    cluster.net.weather(Weather { least: WAY, delay: WAY, sync: SYNC, ..Weather::default() });
    let syncs = |cluster: &Cluster| -> Vec<u64> {
        (0..3).map(|site| cluster.log(SiteId(site)).metrics().syncs).collect()
    };
    let (before, began) = (syncs(&cluster), Instant::now());
    let id = ProposalId(say(&log, Command::Propose(Box::new(filing))).await);
    let mut applied = log.applied();
    while !log.look(|state| state.ended.contains_key(&id)) {
        applied.changed().await.expect("it runs");
    }
    let took = began.elapsed();
    let waited = syncs(&cluster).into_iter().zip(before).map(|(now, before)| now - before);
    (took.as_millis() as u32 / WAY.as_millis() as u32, waited.max().unwrap_or(0))
}

#[tokio::test(start_paused = true)]
async fn a_decision_takes_two_round_trips_and_at_most_three_syncs() {
    for at_leader in [true, false] {
        let (ways, syncs) = decide(Voting::Along, at_leader).await;
        let place = if at_leader { "at the leader" } else { "elsewhere" };
        println!("{place}: {ways} ways, {syncs} syncs at most");
        assert!(ways <= 4, "two there, two back, and took {ways}");
        assert!(syncs <= 3, "{syncs}");
        let (later, _) = decide(Voting::Applied, at_leader).await;
        println!("{place}, with votes on what is applied: {later} ways");
        assert!(later > ways, "{later}: votes that wait for the proposal take longer");
    }
    let (ways, _) = decide(Voting::Appended, false).await;
    println!("elsewhere, with votes on what is appended: {ways} ways");
    assert!(ways > 4, "{ways}: votes that follow their proposal take longer");
}
