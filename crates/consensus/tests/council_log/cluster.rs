//! A cluster in one process whose sites are started, killed and cut off, and everything that
//! was seen of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rand::Rng;
use swell_consensus::log::{Committed, Log, Look};
use swell_consensus::raft::raft_log::RaftLog;
use swell_consensus::raft::settings::Settings;
use swell_consensus::storage::open::open_disk;
use swell_consensus::storage::writer::Run;
use swell_core::council::entry::Command;
use swell_core::council::image::digest;
use swell_core::council::words::Loads;
use swell_core::ids::SiteId;
use swell_core::time::Instant;
use tokio::sync::broadcast::error::RecvError;

use crate::disk::Disk;
use crate::net::Net;

/// Long enough for anything that happens at all.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// A cluster.
pub(crate) struct Cluster {
    pub(crate) net: Arc<Net>,
    pub(crate) sites: BTreeMap<SiteId, Site>,
    pub(crate) seen: Arc<Mutex<Seen>>,
    settings: Settings,
}

/// A site of it.
#[derive(Default)]
pub(crate) struct Site {
    pub(crate) disk: Disk,
    pub(crate) log: Option<Arc<RaftLog>>,
}

/// What was seen anywhere.
#[derive(Default)]
pub(crate) struct Seen {
    /// What stands at an index, wherever it was applied.
    pub(crate) entries: BTreeMap<u64, Arc<Committed>>,
    /// When it was first seen to be applied.
    pub(crate) applied: BTreeMap<u64, tokio::time::Instant>,
    /// Who led in a term.
    pub(crate) leaders: BTreeMap<u64, SiteId>,
}

impl Cluster {
    /// Founds a cluster of so many sites and lets all of them be members.
    pub(crate) async fn found(seed: u64, count: u32, settings: Settings) -> Self {
        let sites = (0..count).map(|site| (SiteId(site), Site::default())).collect();
        let net = Net::new(seed);
        let mut cluster = Self { net, sites, seen: Arc::default(), settings };
        for site in (0..count).map(SiteId) {
            cluster.start(site).await;
        }
        let address = |site: &SiteId| (*site, format!("site-{}:1", site.0));
        let places = cluster.sites.keys().map(address).collect();
        cluster.log(SiteId(0)).found(&places).await.expect("it is new");
        for site in (0..count).map(SiteId) {
            let admit = Command::Admit { site, capacity: Loads::cpu(1_000) };
            let decided = cluster.log(SiteId(0)).propose(admit, LONG).await.expect("a majority");
            assert_eq!(decided.outcome, Ok(()));
        }
        cluster.tick(1_000).await;
        cluster
    }

    /// Starts a site on its disk.
    pub(crate) async fn start(&mut self, site: SiteId) {
        let disk = self.sites[&site].disk.handle();
        let opened = open_disk(disk, site, 0).expect("no fault hurts the log");
        // Far enough apart that chance has no part in who stands first.
        let mut settings = self.settings.clone();
        settings.election_min = Duration::from_millis(1_500 + 300 * u64::from(site.0));
        settings.election_max = settings.election_min + Duration::from_millis(2);
        let port = self.net.port(site);
        let log =
            RaftLog::start(site, opened, Run::Task, &settings, port).await.expect("it starts");
        self.net.plug(site, log.desk());
        self.watch(&log);
        self.sites.get_mut(&site).expect("a site").log = Some(log);
    }

    /// Stops a site in the middle of whatever it does; with the power, if so.
    pub(crate) async fn kill(&mut self, site: SiteId, rng: &mut impl Rng, with_power: bool) {
        let of = self.sites.get_mut(&site).expect("a site");
        let Some(log) = of.log.take() else { return };
        if with_power {
            of.disk.power_cut(rng);
        } else {
            of.disk.killed();
        }
        self.net.unplug(site);
        let _ = log.close().await;
    }

    pub(crate) fn log(&self, site: SiteId) -> Arc<RaftLog> {
        Arc::clone(self.sites[&site].log.as_ref().expect("it runs"))
    }

    /// Some site that runs.
    pub(crate) fn running(&self) -> Vec<SiteId> {
        let runs = |(site, of): (&SiteId, &Site)| of.log.is_some().then_some(*site);
        self.sites.iter().filter_map(runs).collect()
    }

    /// The leader tells the time.
    pub(crate) async fn tick(&self, millis: u64) {
        loop {
            for site in self.running() {
                let tick = Command::Tick { at: Instant::from_millis(millis) };
                if self.log(site).propose(tick, Duration::from_secs(5)).await.is_ok() {
                    return;
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    fn watch(&self, log: &Arc<RaftLog>) {
        let (mut entries, seen) = (log.entries(), Arc::clone(&self.seen));
        tokio::spawn(async move {
            loop {
                match entries.recv().await {
                    Ok(entry) => {
                        let mut seen = seen.lock();
                        let now = tokio::time::Instant::now();
                        seen.applied.entry(entry.index).or_insert(now);
                        let there =
                            seen.entries.entry(entry.index).or_insert_with(|| Arc::clone(&entry));
                        assert_eq!(*there, entry, "sites differ at {}", entry.index);
                    }
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return,
                }
            }
        });
        let (mut leadership, seen) = (log.leadership(), Arc::clone(&self.seen));
        tokio::spawn(async move {
            while leadership.changed().await.is_ok() {
                let now = *leadership.borrow_and_update();
                if let Some(leader) = now.leader {
                    let before = *seen.lock().leaders.entry(now.term).or_insert(leader);
                    assert_eq!(before, leader, "two leaders in term {}", now.term);
                }
            }
        });
    }

    /// With all faults gone every site comes to the same state; gives its digest.
    pub(crate) async fn agree(&mut self) -> u64 {
        self.net.heal();
        let all: Vec<SiteId> = self.sites.keys().copied().collect();
        for site in &all {
            if self.sites[site].log.is_none() {
                self.start(*site).await;
            }
        }
        for site in &all {
            self.log(*site).barrier(LONG).await.expect("all can reach each other");
        }
        let late = tokio::time::Instant::now() + LONG;
        loop {
            // What is still under way may come to one before it comes to another.
            let of = |site: &SiteId| self.log(*site).look(|state| (state.index, digest(state)));
            let states: Vec<(u64, u64)> = all.iter().map(of).collect();
            let (index, digest) = states[0];
            if states.iter().all(|(other, _)| *other == index) {
                assert!(states.iter().all(|(_, other)| *other == digest), "{states:?}");
                return digest;
            }
            assert!(
                tokio::time::Instant::now() < late,
                "nothing is under way any more: {states:?}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
