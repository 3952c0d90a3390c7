//! Starts the sites, has them decide, kills them one at a time, and compares what they know.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use tempfile::TempDir;

use crate::certificates;
use crate::namespaces::Namespaces;
use crate::process::{Place, Process};
use crate::registers::Registers;
use crate::summary::{Decision, fsync_micros, print_decisions, print_entries};

/// How many sites there are.
pub(crate) const SITES: u32 = 3;
/// How many are decided while nobody is killed, one after the other.
const CALM: u32 = 60;
/// How many are decided in all.
const ALL: u32 = 1_000;
/// How many are under way at a time at each site.
const AT_ONCE: u32 = 4;
/// After so many decisions somebody is killed.
const KILL_EVERY: u32 = 80;
/// After so many decisions a register is written and read.
const REGISTER_EVERY: u32 = 10;
const PATIENCE: Duration = Duration::from_secs(120);

/// The sites, as processes.
pub(crate) struct Stage {
    place: Place,
    processes: Vec<Process>,
    said: Receiver<(u32, String)>,
    tell: Sender<(u32, String)>,
    folder: TempDir,
    pub(crate) registers: Registers,
}

/// Conducts.
pub(crate) fn run() {
    let ports: Vec<TcpListener> =
        (0..SITES).map(|_| TcpListener::bind("127.0.0.1:0").expect("a port is free")).collect();
    let address = |port: &TcpListener| port.local_addr().expect("it is bound").to_string();
    let addresses = ports.iter().map(address).collect();
    drop(ports);
    let mut stage = Stage::set(addresses, None);
    let leader = stage.leader();
    let before = stage.metrics();
    let said: Vec<u64> = (0..CALM).map(|_| stage.say(leader)).collect();
    let after = stage.metrics();
    print_entries(fsync_micros(stage.folder.path()), said, &before, &after);
    let before = stage.metrics();
    let calm: Vec<Decision> = (0..CALM).map(|number| stage.one(leader, number)).collect();
    let after = stage.metrics();
    let follower = (leader + 1) % SITES;
    let asked: Vec<Decision> = (CALM..2 * CALM).map(|number| stage.one(follower, number)).collect();
    print_decisions(&calm, &asked, &before, &after);

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
    let (writes, reads) = stage.registers.check();
    assert!(writes > 0 && reads > 0, "registers were written and read");
    println!("{writes} writes and {reads} reads of registers meanwhile: one order explains them");
}

impl Stage {
    /// Founds a cluster of sites at these addresses.
    pub(crate) fn set(addresses: Vec<String>, namespaces: Option<&Namespaces>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        certificates::issue(folder.path(), SITES);
        let names = (0..SITES).map(|site| namespaces.map(|all| all.name(site))).collect();
        let place = Place { folder: folder.path().to_owned(), addresses, namespaces: names };
        let (tell, said) = channel();
        let mut stage =
            Self { place, processes: Vec::new(), said, tell, folder, registers: Registers::new() };
        for site in 0..SITES {
            let process = Process::start(site, &stage.place, stage.tell.clone());
            stage.processes.push(process);
        }
        for _ in 0..SITES {
            stage.wait("ready");
        }
        stage.processes[0].tell("found");
        stage.wait("founded");
        stage
    }

    /// Kills a site as `kill -9` does.
    pub(crate) fn kill(&mut self, site: u32) {
        self.processes[site as usize].kill();
    }

    /// Starts a site that was killed.
    pub(crate) fn start(&mut self, site: u32) {
        let again = Process::start(site, &self.place, self.tell.clone());
        self.processes[site as usize] = again;
    }

    fn next(&mut self) -> (u32, String) {
        loop {
            let said = self.said.recv_timeout(PATIENCE).expect("a site says something in time");
            if !self.registers.hear(&said.1) {
                return said;
            }
        }
    }

    /// Has a site write its register, and another one read it; nobody waits for either.
    pub(crate) fn write_and_read(&mut self, site: u32) {
        let (write, read) = (self.registers.write(site), self.registers.read(site));
        self.processes[site as usize].tell(&write);
        self.processes[((site + 1) % SITES) as usize].tell(&read);
    }

    /// Asks a site to read a register; nobody waits for it.
    pub(crate) fn read(&mut self, site: u32, of: u32) {
        let read = self.registers.read(of);
        self.processes[site as usize].tell(&read);
    }

    /// What a site knows of a register, whether that is so or was.
    pub(crate) fn peek(&mut self, site: u32, of: u32) -> Option<u64> {
        self.processes[site as usize].tell(&format!("peek 0 {of}"));
        self.wait("peeked").1[2].parse().ok()
    }

    fn wait(&mut self, first: &str) -> (u32, Vec<String>) {
        loop {
            let (site, line) = self.next();
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert_ne!(words[0], "broken", "site {site}: {line}");
            if words[0] == first {
                return (site, words);
            }
        }
    }

    /// Who leads.
    pub(crate) fn leader(&mut self) -> u32 {
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

    /// Has an entry committed; gives how long it took, in microseconds.
    fn say(&mut self, site: u32) -> u64 {
        self.processes[site as usize].tell("say");
        self.wait("said").1[1].parse().expect("a number")
    }

    /// Has one decided, proposed at that site.
    pub(crate) fn one(&mut self, site: u32, number: u32) -> Decision {
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
                    if number.is_multiple_of(REGISTER_EVERY) {
                        self.write_and_read(site);
                    }
                }
                "failed" | "broken" => panic!("site {site}: {line}"),
                _ => {}
            }
            if until_kill == 0 && decided.len() < until {
                let victim = *kills % SITES;
                self.kill(victim);
                unknown.extend(under_way.remove(&victim).unwrap_or_default());
                self.start(victim);
                (*kills, until_kill) = (*kills + 1, KILL_EVERY);
            }
        }
    }

    /// All sites know the same, and all that was told is in it, once.
    pub(crate) fn compare(&mut self, decided: &BTreeMap<u32, u64>, known: &mut BTreeMap<u32, u64>) {
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
