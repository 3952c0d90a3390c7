//! The play between two nodes: a flow goes from one to the other and back while items pass, and
//! somebody is killed or frozen, mostly in the middle of a move.
//!
//! A producer at each node puts items in wherever the flow is, and consumers at each wait for it to
//! come. All effects go to one account, so an item that both nodes gave out would be seen.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::{RngExt as _, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rustix::process::Signal;
use swell_flow_client::producer::Producer;

use crate::account::{Account, Ack};
use crate::end::{End, start};
use crate::ends::{APP, CONSUMERS, PRODUCERS};
use crate::node::{Node, Ran, Running, command, write};
use crate::shell::Folder;

const PATIENCE: Duration = Duration::from_secs(120);
/// Each producer is at the node of its place.
const NODES: [&str; 2] = ["berlin", "paris"];

/// What items of the producer of a node go by, wherever they are.
fn known_as(at: usize) -> String {
    format!("{}@{}", PRODUCERS[at], NODES[at])
}

#[derive(Default)]
struct Tally {
    producers: u64,
    consumers: u64,
    nodes: u64,
    frozen: u64,
    /// Kills while a move was under way.
    midway: u64,
    ordered: u64,
    arrived: u64,
}

impl Tally {
    fn kills(&self) -> u64 {
        self.producers + self.consumers + self.nodes + self.frozen
    }
}

struct Stage {
    /// Where the effects are; the nodes have folders of their own in it.
    folder: Folder,
    folders: [Arc<Folder>; 2],
    doors: [String; 2],
    nodes: [Option<Node>; 2],
    producers: Vec<End>,
    /// Of the first node, then of the second.
    consumers: Vec<End>,
    /// A move under way.
    moving: Option<Running>,
    rng: Xoshiro256PlusPlus,
    tally: Tally,
}

pub(crate) fn run(kills: u64, seed: u64) -> ExitCode {
    let start = Instant::now();
    let mut stage = Stage::new(seed);
    let mut account = Account::open(&stage.account(), Ack::Consume);
    let replay = format!(
        "replay: cargo test --workspace --test flow_kill -- --between-nodes --kills {kills} --seed {seed}"
    );
    let mut played = stage.begin(&mut account);
    while stage.tally.kills() < kills && played.is_ok() {
        stage.step();
        played = account.read().and_then(|()| stage.check());
    }
    let played = played.and_then(|()| stage.settle(&mut account));
    let tally = &stage.tally;
    println!(
        "between nodes: {} kills in {:.1} s (producers {}, consumers {}, nodes {}, frozen {}), {} of \
         them during a move; {} moves ordered, {} arrived; {} items, {} given out again and \
         recognised: {}",
        tally.kills(),
        start.elapsed().as_secs_f64(),
        tally.producers,
        tally.consumers,
        tally.nodes,
        tally.frozen,
        tally.midway,
        tally.ordered,
        tally.arrived,
        account.items(),
        account.redelivered,
        match &played {
            Ok(()) => "nothing lost, torn, duplicated in effect or out of order",
            Err(_) => "BROKEN",
        },
    );
    match played {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}\n{replay}");
            stage.tell();
            ExitCode::FAILURE
        }
    }
}

/// Addresses that nobody else on this machine uses, so that a node finds its own again.
fn doors() -> [String; 2] {
    let [.., high, low] = std::process::id().to_be_bytes();
    [1, 2].map(|host| format!("127.{}.{high}.{low}:7403", 70 + host))
}

impl Stage {
    fn new(seed: u64) -> Self {
        let folder = Folder::new();
        let certify = |words: &str| {
            let ran = Ran::of(command(&folder, &format!("certificate {words}")));
            assert_eq!(ran.code, Some(0), "{words}: {ran:?}");
        };
        certify("new keys --cluster shops");
        let read =
            |name: &str| std::fs::read(folder.0.join("keys").join(name)).expect("it is there");
        let folders = NODES.map(|name| {
            certify(&format!("issue keys {name} --for flow"));
            let own = Arc::new(Folder::new());
            write(&own.0, "keys/authority.pem", &read("authority.pem"));
            write(&own.0, "keys/flow.pem", &read(&format!("{name}.flow.pem")));
            write(&own.0, "keys/flow.key", &read(&format!("{name}.flow.key")));
            own
        });
        let mut stage = Self {
            folder,
            folders,
            doors: doors(),
            nodes: [None, None],
            producers: Vec::new(),
            consumers: Vec::new(),
            moving: None,
            rng: Xoshiro256PlusPlus::seed_from_u64(seed),
            tally: Tally::default(),
        };
        stage.start_node(0);
        stage.start_node(1);
        stage
    }

    /// Deploys the flow at one node, and lets the other have it once, so that both know it.
    fn begin(&mut self, account: &mut Account) -> Result<(), String> {
        let node = self.nodes[0].as_ref().expect("it is up");
        node.write("app.toml", APP.as_bytes());
        node.fine("deploy -f app.toml");
        node.fine(&format!("flow migrate frames --to-node {}", self.address(1)));
        let mut firsts = Vec::new();
        for at in 0..PRODUCERS.len() {
            firsts.push((known_as(at), self.accepted(at)?));
            account.begin(&firsts[at].0, firsts[at].1);
        }
        self.producers = (0..2).map(|at| self.producer(at)).collect();
        self.consumers = (0..4).map(|at| self.consumer(at)).collect();
        // A lane that nobody ever put anything into may begin with another number elsewhere.
        let deadline = Instant::now() + PATIENCE;
        while firsts.iter().any(|(name, first)| account.applied(name) == *first) {
            account.read()?;
            if Instant::now() > deadline {
                return Err("no item of one of the producers has come".to_string());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Items of the producer of this node that were accepted, as its numbers count them.
    fn accepted(&self, at: usize) -> Result<u64, String> {
        let producer = Producer::connect(self.socket(at), "frames", PRODUCERS[at], PATIENCE);
        Ok(producer.map_err(|error| format!("{}: {error}", PRODUCERS[at]))?.next())
    }

    fn start_node(&mut self, at: usize) {
        let words = format!("--set flow.listen={} --set flow.certificates=keys", self.doors[at]);
        self.nodes[at] = Some(Node::on(self.folders[at].clone(), &words));
    }

    fn address(&self, at: usize) -> String {
        format!("{}={}", NODES[at], self.doors[at])
    }

    fn account(&self) -> PathBuf {
        self.folder.0.join("effects")
    }

    fn socket(&self, at: usize) -> PathBuf {
        self.folders[at].0.join("data/flow.sock")
    }

    fn producer(&self, at: usize) -> End {
        start("producer", &self.socket(at), PRODUCERS[at], Ack::Consume, None)
    }

    fn consumer(&self, at: usize) -> End {
        let (socket, name) = (self.socket(at / 2), CONSUMERS[at % 2]);
        start("consumer", &socket, name, Ack::Consume, Some(self.account()))
    }

    /// Somebody is in the middle of something; it is never the same moment.
    fn pause(&mut self, most_us: u64) {
        std::thread::sleep(Duration::from_micros(self.rng.random_range(0..most_us)));
    }

    /// Orders a move, and hurts somebody before it is over, or a little later.
    fn step(&mut self) {
        if self.rng.random_ratio(1, 6) {
            self.hurt();
            self.pause(50_000);
            return;
        }
        let from = self.where_it_is();
        let node = self.nodes[from].as_ref().expect("it is up");
        let order = format!("flow migrate frames --to-node {}", self.address(1 - from));
        self.moving = Some(Running::start(node.command(&order)));
        self.tally.ordered += 1;
        self.pause(250_000);
        self.hurt();
        if let Some(mut moving) = self.moving.take() {
            moving.ended();
            let told = moving.lines().iter().any(|line| line.contains("went to"));
            self.tally.arrived += u64::from(told);
        }
    }

    /// The node that has the flow, as far as it says; one may have let it go without the other
    /// having begun.
    fn where_it_is(&mut self) -> usize {
        let has_it = |node: &Option<Node>| {
            let shown = node.as_ref().expect("it is up").run("flow show frames -o json");
            shown.code == Some(0) && shown.json()["moved"].is_null()
        };
        self.nodes.iter().position(has_it).unwrap_or_else(|| self.rng.random_range(0..2))
    }

    fn hurt(&mut self) {
        let is_midway = self.moving.as_mut().is_some_and(Running::is_running);
        self.tally.midway += u64::from(is_midway);
        let at = self.rng.random_range(0..4);
        match self.rng.random_range(0..9) {
            0..4 => self.kill_node(at / 2),
            4 => {
                self.producers[at / 2].signal(Signal::KILL);
                self.producers[at / 2] = self.producer(at / 2);
                self.tally.producers += 1;
            }
            5..7 => {
                self.consumers[at].signal(Signal::KILL);
                self.consumers[at] = self.consumer(at);
                self.tally.consumers += 1;
            }
            7 => {
                self.consumers[at].signal(Signal::STOP);
                self.pause(600_000);
                self.consumers[at].signal(Signal::CONT);
                self.tally.frozen += 1;
            }
            _ => {
                let signal = |stage: &Self, signal| {
                    stage.nodes[at / 2].as_ref().expect("it is up").running.signal(signal);
                };
                signal(self, Signal::STOP);
                self.pause(600_000);
                signal(self, Signal::CONT);
                self.tally.frozen += 1;
            }
        }
    }

    fn kill_node(&mut self, at: usize) {
        self.nodes[at].take().expect("it is up").kill();
        self.pause(100_000);
        self.start_node(at);
        self.tally.nodes += 1;
    }

    /// Whoever gave up by himself has found something wrong.
    fn check(&mut self) -> Result<(), String> {
        let gone = self.producers.iter_mut().chain(&mut self.consumers).any(End::has_ended);
        if gone { Err("a process gave up; its last words are above".to_string()) } else { Ok(()) }
    }

    /// Ends the producers and waits until everything that was accepted has had its effect.
    fn settle(&mut self, account: &mut Account) -> Result<(), String> {
        self.producers.clear();
        for at in 0..PRODUCERS.len() {
            let (name, accepted) = (known_as(at), self.accepted(at)?);
            let deadline = Instant::now() + PATIENCE;
            loop {
                account.read()?;
                let applied = account.applied(&name);
                if applied == accepted {
                    break;
                }
                if Instant::now() > deadline || applied > accepted {
                    return Err(format!(
                        "{name}: {accepted} were accepted, {applied} had their effect"
                    ));
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        Ok(())
    }

    /// What there is to know where something is wrong.
    fn tell(&self) {
        for (name, node) in NODES.iter().zip(&self.nodes) {
            let Some(node) = node else { continue };
            let shown = node.run("flow show frames");
            eprintln!("{name}: {}{}", shown.out, shown.told);
            let lines = node.running.lines();
            let last = lines.iter().rev().take(20).rev();
            last.for_each(|line| eprintln!("  {line}"));
        }
    }
}
