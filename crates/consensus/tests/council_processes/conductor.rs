//! Starts the sites, has them decide, kills them one at a time, and compares what they know.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use crate::certificates;
use crate::process::{Place, Process};
use crate::summary::{fsync_micros, print};

const SITES: u32 = 3;
/// How many are decided while nobody is killed, one after the other.
const CALM: u32 = 60;
/// How many are decided in all.
const ALL: u32 = 1_000;
/// How many are under way at a time at each site.
const AT_ONCE: u32 = 4;
/// After so many decisions somebody is killed.
const KILL_EVERY: u32 = 80;
const PATIENCE: Duration = Duration::from_secs(120);

struct Stage {
    place: Place,
    processes: Vec<Process>,
    said: Receiver<(u32, String)>,
    tell: Sender<(u32, String)>,
}

/// A decision as a site told of it.
pub(crate) struct Decision {
    /// The proposal's id.
    pub(crate) id: u64,
    /// From proposing until it was in the log and applied, in microseconds.
    pub(crate) filed: u64,
    /// From proposing until it was decided.
    pub(crate) decided: u64,
}

/// Conducts.
pub(crate) fn run() {
    let folder = tempfile::tempdir().expect("a folder");
    certificates::issue(folder.path(), SITES);
    let ports: Vec<TcpListener> =
        (0..SITES).map(|_| TcpListener::bind("127.0.0.1:0").expect("a port is free")).collect();
    let address = |port: &TcpListener| port.local_addr().expect("it is bound").to_string();
    let addresses = ports.iter().map(address).collect();
    drop(ports);
    let place = Place { folder: folder.path().to_owned(), addresses };
    let (tell, said) = channel();
    let mut stage = Stage { place, processes: Vec::new(), said, tell };
    for site in 0..SITES {
        let process = Process::start(site, &stage.place, stage.tell.clone());
        stage.processes.push(process);
    }
    for _ in 0..SITES {
        stage.wait("ready");
    }
    stage.processes[0].tell("found");
    stage.wait("founded");

    let leader = stage.leader();
    let before = stage.metrics();
    let calm: Vec<Decision> = (0..CALM).map(|number| stage.one(leader, number)).collect();
    let after = stage.metrics();
    let follower = (leader + 1) % SITES;
    let asked: Vec<Decision> = (CALM..2 * CALM).map(|number| stage.one(follower, number)).collect();
    print(fsync_micros(folder.path()), &calm, &asked, &before, &after);

    let mut decided = BTreeMap::new();
    for (number, decision) in (0..).zip(calm.iter().chain(&asked)) {
        decided.insert(number, decision.id);
    }
    let (mut kills, mut unknown, mut known) = (0, BTreeSet::new(), BTreeMap::new());
    // Twice, as a site remembers only so many that ended.
    for until in [ALL / 2, ALL] {
        stage.storm(&mut decided, &mut unknown, &mut kills, until as usize);
        stage.compare(&decided, &mut known);
    }
    println!(
        "{} proposals decided, {kills} times a site was killed, {} had no answer as their site \
         was killed: none lost, none decided twice",
        decided.len(),
        unknown.len()
    );
}

impl Stage {
    fn next(&self) -> (u32, String) {
        self.said.recv_timeout(PATIENCE).expect("a site says something in time")
    }

    fn wait(&self, first: &str) -> (u32, Vec<String>) {
        loop {
            let (site, line) = self.next();
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert_ne!(words[0], "broken", "site {site}: {line}");
            if words[0] == first {
                return (site, words);
            }
        }
    }

    fn leader(&mut self) -> u32 {
        loop {
            for site in 0..SITES {
                self.processes[site as usize].tell("lead");
                if self.wait("leads").1[1] == "true" {
                    return site;
                }
            }
        }
    }

    /// Waits for the disk and messages, of each site so far.
    fn metrics(&mut self) -> Vec<(u64, u64)> {
        let number = |word: &String| word.parse().expect("a number");
        let ask = |site: u32| {
            self.processes[site as usize].tell("metrics");
            let (_, words) = self.wait("metrics");
            (number(&words[1]), number(&words[2]))
        };
        (0..SITES).map(ask).collect()
    }

    fn one(&mut self, site: u32, number: u32) -> Decision {
        self.processes[site as usize].tell(&format!("propose {number}"));
        let (_, words) = self.wait("decided");
        let number = |at: usize| words[at].parse().expect("a number");
        Decision { id: number(2), filed: number(3), decided: number(4) }
    }

    /// Many at once, while sites are killed in turn, until so many are decided and nothing is
    /// under way.
    fn storm(
        &mut self,
        decided: &mut BTreeMap<u32, u64>,
        unknown: &mut BTreeSet<u32>,
        kills: &mut u32,
        until: usize,
    ) {
        let mut next = u32::try_from(decided.len() + unknown.len()).expect("few");
        let mut under_way: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        let mut until_kill = KILL_EVERY;
        loop {
            let busy: usize = under_way.values().map(BTreeSet::len).sum();
            if decided.len() >= until && busy == 0 {
                return;
            }
            for site in 0..SITES {
                let all: usize = under_way.values().map(BTreeSet::len).sum();
                let of = under_way.entry(site).or_default();
                let wanted = AT_ONCE as usize - of.len();
                for _ in 0..wanted.min(until.saturating_sub(decided.len() + all)) {
                    self.processes[site as usize].tell(&format!("propose {next}"));
                    of.insert(next);
                    next += 1;
                }
            }
            let (site, line) = self.next();
            let words: Vec<&str> = line.split(' ').collect();
            match words[0] {
                "decided" => {
                    let number: u32 = words[1].parse().expect("a number");
                    let before = decided.insert(number, words[2].parse().expect("a number"));
                    assert_eq!(before, None, "{number} is decided once");
                    unknown.remove(&number);
                    under_way.entry(site).or_default().remove(&number);
                    until_kill = until_kill.saturating_sub(1);
                }
                "failed" | "broken" => panic!("site {site}: {line}"),
                _ => {}
            }
            if until_kill == 0 && decided.len() < until {
                let victim = *kills % SITES;
                self.processes[victim as usize].kill();
                unknown.extend(under_way.remove(&victim).unwrap_or_default());
                let again = Process::start(victim, &self.place, self.tell.clone());
                self.processes[victim as usize] = again;
                (*kills, until_kill) = (*kills + 1, KILL_EVERY);
            }
        }
    }

    /// All sites know the same, and all that was told is in it, once.
    fn compare(&mut self, decided: &BTreeMap<u32, u64>, known: &mut BTreeMap<u32, u64>) {
        for site in 0..SITES {
            self.processes[site as usize].tell("dump");
            loop {
                let (from, line) = self.next();
                let words: Vec<&str> = line.split(' ').collect();
                if from != site || !matches!(words[0], "ended" | "dumped") {
                    continue;
                }
                if words[0] == "dumped" {
                    break;
                }
                let id: u64 = words[1].parse().expect("a number");
                let number: u32 = words[2].parse().expect("a number");
                assert_eq!(words[3], "Shadow", "{line}");
                let there = *known.entry(number).or_insert(id);
                assert_eq!(there, id, "{number} is decided twice, or not alike everywhere");
            }
        }
        for (number, id) in decided {
            assert_eq!(known.get(number), Some(id), "{number} was told to be decided");
        }
    }
}
