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
    let (kills, unknown) = stage.storm(&mut decided);
    stage.compare(&decided, &unknown);
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

    /// Many at once, while sites are killed in turn. Gives how often, and what had no answer.
    fn storm(&mut self, decided: &mut BTreeMap<u32, u64>) -> (u32, BTreeSet<u32>) {
        let mut next = u32::try_from(decided.len()).expect("few");
        let mut under_way: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        let (mut kills, mut unknown) = (0, BTreeSet::new());
        let mut until_kill = KILL_EVERY;
        while decided.len() < ALL as usize {
            for site in 0..SITES {
                let of = under_way.entry(site).or_default();
                while of.len() < AT_ONCE as usize {
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
                    until_kill -= 1;
                }
                "failed" => panic!("site {site}: {line}"),
                "broken" => panic!("site {site}: {line}"),
                _ => {}
            }
            if until_kill == 0 {
                let victim = kills % SITES;
                self.processes[victim as usize].kill();
                unknown.extend(under_way.remove(&victim).unwrap_or_default());
                let again = Process::start(victim, &self.place, self.tell.clone());
                self.processes[victim as usize] = again;
                (kills, until_kill) = (kills + 1, KILL_EVERY);
            }
        }
        (kills, unknown)
    }

    /// All sites know the same, and all that was told is in it, once.
    fn compare(&mut self, decided: &BTreeMap<u32, u64>, unknown: &BTreeSet<u32>) {
        let mut known: Vec<(BTreeMap<u32, u64>, String)> = Vec::new();
        for site in 0..SITES {
            self.processes[site as usize].tell("dump");
            let mut ended = BTreeMap::new();
            let digest = loop {
                let (from, line) = self.next();
                let words: Vec<&str> = line.split(' ').collect();
                if from != site || !matches!(words[0], "ended" | "dumped") {
                    continue;
                }
                if words[0] == "dumped" {
                    break words[1].to_owned();
                }
                let (id, number) = (words[1].parse(), words[2].parse());
                let number: u32 = number.expect("a number");
                assert_eq!(words[3], "Shadow", "{line}");
                let twice = ended.insert(number, id.expect("a number"));
                assert_eq!(twice, None, "{number} is decided twice");
            };
            known.push((ended, digest));
        }
        for (ended, _) in &known {
            for (number, id) in decided {
                assert_eq!(ended.get(number), Some(id), "{number} was told to be decided");
            }
            let asked = |number: &u32| decided.contains_key(number) || unknown.contains(number);
            let later = ended.keys().filter(|number| !asked(number)).count();
            assert!(later <= (AT_ONCE * SITES) as usize, "{later} were under way at the end");
        }
    }
}
