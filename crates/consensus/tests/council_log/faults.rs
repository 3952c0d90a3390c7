//! Clusters under faults: nothing confirmed is lost, nothing is decided twice, and when the
//! faults are gone all agree.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use swell_consensus::log::{Log, LogError, Look};
use swell_consensus::raft::raft_log::RaftLog;
use swell_consensus::raft::settings::Settings;
use swell_core::council::entry::Command;
use swell_core::council::words::{Criticality, Loads, WorkloadId};
use swell_core::ids::SiteId;
use tokio::time::{Instant, sleep};

use crate::cluster::{Cluster, LONG};
use crate::history::{History, Operation};
use crate::net::Weather;
use crate::register::{Call, Kind};
use crate::seeds::for_each_seed;

/// What a site writes into a register that is its own: the demand of a workload.
fn write(site: SiteId, value: u64) -> Command {
    let workload = WorkloadId(site.0);
    Command::Register { workload, criticality: Criticality::Low, demand: Loads::cpu(value) }
}

fn value(log: &RaftLog, site: SiteId) -> Option<u64> {
    log.look(|state| state.workloads.get(&WorkloadId(site.0)).map(|of| of.demand.0[0]))
}

async fn one_write(log: Arc<RaftLog>, of: u64, history: Arc<Mutex<History>>, began: Instant) {
    let site = log.site();
    let start = began.elapsed();
    let told = log.propose(write(site, of), Duration::from_secs(8)).await;
    let (end, index) = match told {
        Ok(decided) => {
            assert_eq!(decided.outcome, Ok(()), "{site:?} writes what is its own");
            (Some(began.elapsed()), Some(decided.index))
        }
        Err(LogError::TimedOut | LogError::Overtaken | LogError::Stopped(_)) => (None, None),
        Err(error) => panic!("{error}"),
    };
    let call = Call { register: site.0, kind: Kind::Write(of), start, end };
    history.lock().push(Operation { call, index });
}

/// A read as the API makes it; or of what is known here, which may be stale.
async fn one_read(
    log: Arc<RaftLog>,
    (of, reads): (SiteId, Reads),
    history: Arc<Mutex<History>>,
    began: Instant,
) {
    let start = began.elapsed();
    if reads == Reads::Local || log.barrier(Duration::from_secs(8)).await.is_ok() {
        let (kind, end) = (Kind::Read(value(&log, of)), Some(began.elapsed()));
        let call = Call { register: of.0, kind, start, end };
        history.lock().push(Operation { call, index: None });
    }
}

/// How it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reads {
    Linearizable,
    Local,
}

/// What befell the clusters of a run: what never happened was not tried.
#[derive(Debug, Default)]
struct Coverage {
    kills: u64,
    power_cuts: u64,
    lost: u64,
    twice: u64,
    cut: u64,
    purges: u64,
    terms: u64,
    unanswered: u64,
}

impl Coverage {
    fn holes(&self) -> bool {
        let Self { kills, power_cuts, lost, twice, cut, purges, terms, unanswered } = *self;
        [kills, power_cuts, lost, twice, cut, purges, terms, unanswered].contains(&0)
    }
}

/// Plays a seed; gives whether one order explains what callers were told.
async fn play(seed: u64, coverage: &Mutex<Coverage>, reads: Reads) -> bool {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let count = if rng.random_bool(0.5) { 3 } else { 5 };
    let settings = Settings { snapshot_every: 25, keep: 5, ..Settings::default() };
    let mut cluster = Cluster::found(seed, count, settings).await;
    let (history, began) = (Arc::new(Mutex::new(History::default())), Instant::now());
    let mut under_way = Vec::new();
    let mut next = 1;
    for _ in 0..30 {
        for site in cluster.running() {
            for _ in 0..rng.random_range(0..3) {
                let (log, history) = (cluster.log(site), Arc::clone(&history));
                if rng.random_bool(0.7) {
                    under_way.push(tokio::spawn(one_write(log, next, history, began)));
                    next += 1;
                } else {
                    let of = SiteId(rng.random_range(0..count));
                    under_way.push(tokio::spawn(one_read(log, (of, reads), history, began)));
                }
            }
        }
        let site = SiteId(rng.random_range(0..count));
        let other = SiteId(rng.random_range(0..count));
        match rng.random_range(0..10) {
            0 | 1 if cluster.running().len() * 2 > count as usize + 1 => {
                let with_power = rng.random_bool(0.5);
                cluster.kill(site, &mut rng, with_power).await;
                coverage.lock().kills += 1;
                coverage.lock().power_cuts += u64::from(with_power);
            }
            2 | 3 => {
                for site in (0..count).map(SiteId) {
                    if cluster.sites[&site].log.is_none() {
                        cluster.start(site).await;
                    }
                }
            }
            4 => cluster.net.cut(site, other),
            5 => {
                cluster.net.cut(site, other);
                cluster.net.cut(other, site);
            }
            6 => cluster.net.heal(),
            7 => cluster.net.weather(Weather {
                least: Duration::ZERO,
                sync: Duration::ZERO,
                delay: Duration::from_millis(rng.random_range(1..120)),
                lost_percent: rng.random_range(0..20),
                twice_percent: rng.random_range(0..20),
            }),
            8 if cluster.sites[&site].log.is_some() => {
                let log = cluster.log(site);
                under_way.push(tokio::spawn(async move {
                    let _ = log.transfer(other).await;
                }));
            }
            _ => {}
        }
        sleep(Duration::from_millis(rng.random_range(5..1_500))).await;
    }
    cluster.agree().await;
    for task in under_way {
        task.await.expect("nothing falls");
    }
    // It goes on, too.
    let last = cluster.log(SiteId(0)).propose(write(SiteId(0), next), LONG).await;
    assert_eq!(last.map(|decided| decided.outcome), Ok(Ok(())), "it lives");
    cluster.agree().await;
    sleep(Duration::from_millis(1)).await;
    let seen = cluster.seen.lock();
    let history = history.lock();
    history.check_decided_once(&seen.entries);
    let counts = cluster.net.counts();
    let mut coverage = coverage.lock();
    coverage.lost += counts.lost;
    coverage.twice += counts.twice;
    coverage.cut += counts.cut;
    coverage.purges += cluster.log(SiteId(0)).metrics().purged;
    coverage.terms += seen.leaders.len() as u64 - 1;
    coverage.unanswered += history.unanswered();
    history.is_linearizable(&seen, began)
}

#[test]
fn clusters_survive_whatever_happens_to_sites_and_network() {
    let coverage = Mutex::default();
    let seeds = for_each_seed("faults::clusters_survive", 10, async |seed| {
        let is_explained = play(seed, &coverage, Reads::Linearizable).await;
        assert!(is_explained, "no order explains what callers were told");
    });
    let coverage = coverage.into_inner();
    assert!(seeds == 1 || !coverage.holes(), "every kind of fault happened: {coverage:?}");
}

#[test]
fn reads_of_what_a_site_happens_to_know_are_noticed() {
    let stale = Mutex::new(0);
    for_each_seed("faults::reads_of_what", 3, async |seed| {
        let is_explained = play(seed, &Mutex::default(), Reads::Local).await;
        *stale.lock() += u32::from(!is_explained);
    });
    assert!(stale.into_inner() > 0, "a site that is behind shows what was");
}
