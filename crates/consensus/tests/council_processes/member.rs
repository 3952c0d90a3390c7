//! One site: it votes for whatever is proposed, and proposes when told to.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use swell_consensus::channel::resource::{Opening, ResourceChannel};
use swell_consensus::log::{Log, Look};
use swell_consensus::raft::raft_log::RaftLog;
use swell_consensus::raft::settings::Settings;
use swell_consensus::storage::open::Past;
use swell_core::council::entry::{Command, Message, Reason};
use swell_core::council::proposal::{Cause, Condition, Criterion, Filing, Rollback};
use swell_core::council::state::State;
use swell_core::council::words::{Criticality, Loads, Metric, Mode, ProposalId, WorkloadId};
use swell_core::ids::SiteId;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::certificates;
use crate::process::log_folder;

const WITHIN: Duration = Duration::from_secs(60);
const WORKLOAD: WorkloadId = WorkloadId(1);
/// The first of the workloads whose demands are registers.
const REGISTERS: u32 = 100;

/// Runs a site until its input ends.
pub(crate) fn run(site: u32) {
    // With `RUST_LOG=swell_consensus=trace` a decision can be followed message by message.
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(live(site));
    std::process::exit(0);
}

async fn live(site: u32) {
    let folder = PathBuf::from(std::env::var_os("SWELL_COUNCIL_FOLDER").expect("it is set"));
    let addresses = std::env::var("SWELL_COUNCIL_ADDRESSES").expect("it is set");
    let addresses: Vec<String> = addresses.split(',').map(str::to_owned).collect();
    let listener = TcpListener::bind(&addresses[site as usize]).expect("the port is free");
    let settings = Settings {
        heartbeat: Duration::from_millis(100),
        election_min: Duration::from_millis(500),
        election_max: Duration::from_millis(1_000),
        snapshot_every: 500,
        keep: 100,
        ..Settings::default()
    };
    let opening = Opening {
        site: SiteId(site),
        folder: log_folder(&folder, site),
        past: Past::Unknown { life: 1 },
        identity: certificates::read(&folder, site),
        listener,
        settings,
        routes: Router::new(),
    };
    let channel = match ResourceChannel::open(opening).await {
        Ok(channel) => channel,
        Err(error) => {
            println!("broken {error}");
            return;
        }
    };
    let log = channel.log();
    tokio::spawn(tell_time(Arc::clone(&log)));
    tokio::spawn(vote(Arc::clone(&log)));
    println!("ready");
    let (lines, mut told) = tokio::sync::mpsc::channel(64);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if lines.blocking_send(line).is_err() {
                return;
            }
        }
    });
    while let Some(line) = told.recv().await {
        let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
        match verb {
            "found" => found(&log, &addresses).await,
            "propose" => {
                let number = rest.parse().expect("a number");
                tokio::spawn(propose(Arc::clone(&log), number));
            }
            "say" => {
                let began = Instant::now();
                say(&log, Command::Renew).await;
                println!("said {}", began.elapsed().as_micros());
            }
            "write" | "read" | "peek" => {
                let words: Vec<u64> =
                    rest.split(' ').map(|word| word.parse().expect("a number")).collect();
                tokio::spawn(register(Arc::clone(&log), verb.to_owned(), words));
            }
            "lead" => println!("leads {}", log.leadership().borrow().is_ours),
            "metrics" => {
                let metrics = log.metrics();
                println!("metrics {} {}", metrics.syncs, metrics.sent);
            }
            "dump" => dump(&log).await,
            other => println!("broken {other}"),
        }
    }
}

async fn found(log: &RaftLog, addresses: &[String]) {
    let place = |(site, address): (u32, &String)| (SiteId(site), address.clone());
    let sites: BTreeMap<SiteId, String> = (0..).zip(addresses).map(place).collect();
    log.found(&sites).await.expect("it is new");
    for site in sites.keys().copied() {
        say(log, Command::Admit { site, capacity: Loads::cpu(1_000) }).await;
    }
    while log.look(|state| state.now == swell_core::time::Instant::ZERO) {
        sleep(Duration::from_millis(10)).await;
    }
    say(log, Command::SetMode { workload: None, mode: Mode::Shadow }).await;
    let (criticality, demand) = (Criticality::Low, Loads::cpu(1));
    say(log, Command::Register { workload: WORKLOAD, criticality, demand }).await;
    println!("founded");
}

async fn say(log: &RaftLog, command: Command) {
    let decided = log.propose(command, WITHIN).await.expect("a majority");
    assert_eq!(decided.outcome, Ok(()));
}

/// Writes this site's register, reads one, or looks what is known of one here.
async fn register(log: Arc<RaftLog>, verb: String, words: Vec<u64>) {
    let (call, number) = (words[0], words[1]);
    let of = |site: u32| WorkloadId(REGISTERS + site);
    if verb == "write" {
        let (workload, criticality) = (of(log.site().0), Criticality::Low);
        let register = Command::Register { workload, criticality, demand: Loads::cpu(number) };
        if let Ok(decided) = log.propose(register, WITHIN).await {
            assert_eq!(decided.outcome, Ok(()));
            println!("wrote {call}");
        }
        return;
    }
    if verb == "read" && log.barrier(WITHIN).await.is_err() {
        return;
    }
    let workload = of(u32::try_from(number).expect("a site"));
    let value = log.look(|state| state.workloads.get(&workload).map(|of| of.demand.0[0]));
    let value = value.map_or_else(|| "none".to_owned(), |value| value.to_string());
    println!("{} {call} {value}", if verb == "read" { "saw" } else { "peeked" });
}

async fn tell_time(log: Arc<RaftLog>) {
    loop {
        if log.leadership().borrow().is_ours {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            let nanos = now.map_or(1, |now| u64::try_from(now.as_nanos()).unwrap_or(u64::MAX));
            let at = swell_core::time::Instant::from_nanos(nanos);
            let _ = log.propose(Command::Tick { at }, WITHIN).await;
        }
        sleep(Duration::from_secs(1)).await;
    }
}

/// Votes yes on what is put into the log here, and on what is open and not voted on by then: it
/// was applied before this site began, or its message was said again under another leader.
async fn vote(log: Arc<RaftLog>) {
    let (own, mut applied, mut appended) = (log.site(), log.applied(), log.appended());
    log.vote_along(Box::new(|proposal| Some(yes(proposal.message()))));
    let mut early: BTreeMap<Message, JoinHandle<()>> = BTreeMap::new();
    loop {
        let wanted = |state: &State| -> Vec<(Message, ProposalId)> {
            let mine = state.open.iter().filter(|(_, of)| !of.ballot.votes.contains_key(&own));
            mine.map(|(id, of)| (of.message, *id)).collect()
        };
        early.retain(|_, vote| !vote.is_finished());
        let reason = Reason::Ordered;
        for (message, proposal) in log.look(wanted) {
            let vote = Command::Vote { proposal, yes: true, reason, claim_ppm: 0 };
            early.entry(message).or_insert_with(|| cast(&log, vote));
        }
        tokio::select! {
            changed = applied.changed() => if changed.is_err() { return },
            entry = appended.recv() => if let Ok(entry) = entry {
                let message = entry.message();
                early.entry(message).or_insert_with(|| cast(&log, yes(message)));
            },
        }
    }
}

fn yes(message: Message) -> Command {
    Command::VoteOn { message, yes: true, reason: Reason::Ordered, claim_ppm: 0 }
}

fn cast(log: &Arc<RaftLog>, vote: Command) -> JoinHandle<()> {
    let log = Arc::clone(log);
    tokio::spawn(async move {
        let _ = log.propose(vote, WITHIN).await;
    })
}

/// A proposal that carries its number in its criterion.
fn filing(state: &State, number: u32) -> Option<Filing> {
    let workload = state.workloads.get(&WORKLOAD)?;
    let metric = Metric::Cpu;
    let condition = Condition { site: SiteId(0), metric, at_most_ppm: number };
    Some(Filing {
        workloads: BTreeMap::from([(WORKLOAD, workload.authority.epoch)]),
        source: SiteId(0),
        destination: SiteId(1),
        deadline: state.now + state.rules.deadline,
        cause: Cause::Order,
        criterion: Criterion { conditions: vec![condition], window_slots: 1, samples_min: 1 },
        rollback: Rollback::ToSource,
    })
}

/// Proposes and waits until it has been decided.
async fn propose(log: Arc<RaftLog>, number: u32) {
    let began = Instant::now();
    let filing = loop {
        if let Some(filing) = log.look(|state| filing(state, number)) {
            break filing;
        }
        sleep(Duration::from_millis(10)).await;
    };
    let decided = match log.propose(Command::Propose(Box::new(filing)), WITHIN).await {
        Ok(decided) => decided,
        Err(error) => return println!("failed {number} {error}"),
    };
    if let Err(refusal) = decided.outcome {
        return println!("failed {number} {refusal}");
    }
    let filed = began.elapsed().as_micros();
    let (id, mut applied) = (ProposalId(decided.index), log.applied());
    while !log.look(|state| state.ended.contains_key(&id)) {
        if applied.changed().await.is_err() {
            return;
        }
    }
    println!("decided {number} {} {filed} {}", id.0, began.elapsed().as_micros());
}

/// Tells all that was decided.
async fn dump(log: &RaftLog) {
    log.barrier(WITHIN).await.expect("a majority");
    let lines = log.look(|state| {
        let line = |(id, of): (&ProposalId, &swell_core::council::state::Ended)| {
            let number = of.proposal.filing.criterion.conditions[0].at_most_ppm;
            format!("ended {} {number} {:?}", id.0, of.outcome)
        };
        state.ended.iter().map(line).collect::<Vec<String>>()
    });
    for line in lines {
        println!("{line}");
    }
    println!("dumped {}", log.look(swell_core::council::image::digest));
}
