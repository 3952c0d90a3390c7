//! The play: somebody is killed or frozen, again and again, at no particular moment.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::{RngExt as _, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rustix::process::Signal;
use swell_flow_client::producer::Producer;

use crate::account::{Account, Ack, numbered};
use crate::end::{End, start};
use crate::ends::{APP, CONSUMERS, PRODUCERS, now_us};
use crate::node::{Node, Running, command};
use crate::shell::Folder;

const PATIENCE: Duration = Duration::from_secs(60);
/// Its lanes begin in the smallest region and are short of room, so they go on in larger ones.
const SMALL: &str = "rate = 1\nstall = \"1ms\"\n";

#[derive(Default)]
struct Tally {
    producers: u64,
    consumers: u64,
    nodes: u64,
    frozen: u64,
    moves: u64,
}

impl Tally {
    fn kills(&self) -> u64 {
        self.producers + self.consumers + self.nodes + self.frozen
    }
}

struct Stage {
    node: Option<Node>,
    folder: Arc<Folder>,
    producers: Vec<End>,
    consumers: Vec<End>,
    /// Changes of hands under way.
    moving: Vec<Running>,
    ack: Ack,
    rng: Xoshiro256PlusPlus,
    tally: Tally,
}

pub(crate) fn run(kills: u64, seed: u64, ack: Ack) -> ExitCode {
    let start = Instant::now();
    let mut stage = Stage::new(seed, ack);
    let mut account = Account::open(&stage.account(), ack);
    let more = if ack == Ack::Append { " --append" } else { "" };
    let replay = format!(
        "replay: cargo test --workspace --test flow_kill -- --kills {kills} --seed {seed}{more}"
    );
    let mut played = Ok(());
    while stage.tally.kills() < kills && played.is_ok() {
        stage.step();
        played = account.read().and_then(|()| stage.check());
    }
    let played = played.and_then(|()| stage.settle(&mut account));
    let tally = &stage.tally;
    println!(
        "ack = {}: {} kills in {:.1} s (producers {}, consumers {}, nodes {}, frozen {}), {} changes of \
         hands ordered, all changes {}, {} items, {} given out again and recognised: {}",
        ack.word(),
        tally.kills(),
        start.elapsed().as_secs_f64(),
        tally.producers,
        tally.consumers,
        tally.nodes,
        tally.frozen,
        tally.moves,
        stage.changes(),
        account.items(),
        account.redelivered,
        match &played {
            Ok(()) if ack == Ack::Append => "nothing torn, twice or out of order",
            Ok(()) => "nothing lost, torn, duplicated in effect or out of order",
            Err(_) => "BROKEN",
        },
    );
    match played {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}\n{replay}");
            ExitCode::FAILURE
        }
    }
}

impl Stage {
    fn new(seed: u64, ack: Ack) -> Self {
        let node = Node::up("");
        let app = format!("{APP}{SMALL}ack = \"{}\"\n", ack.word());
        node.write("app.toml", app.as_bytes());
        node.fine("deploy -f app.toml");
        let folder = node.folder.clone();
        let mut stage = Self {
            node: Some(node),
            folder,
            producers: Vec::new(),
            consumers: Vec::new(),
            moving: Vec::new(),
            ack,
            rng: Xoshiro256PlusPlus::seed_from_u64(seed),
            tally: Tally::default(),
        };
        stage.producers = PRODUCERS.map(|name| stage.producer(name)).into();
        stage.consumers = CONSUMERS.map(|name| stage.consumer(name)).into();
        stage
    }

    fn account(&self) -> PathBuf {
        self.folder.0.join("effects")
    }

    fn socket(&self) -> PathBuf {
        self.folder.0.join("data/flow.sock")
    }

    fn producer(&self, name: &str) -> End {
        start("producer", &self.socket(), name, self.ack, None)
    }

    fn consumer(&self, name: &str) -> End {
        start("consumer", &self.socket(), name, self.ack, Some(self.account()))
    }

    /// Somebody is in the middle of something; it is never the same moment.
    fn pause(&mut self, most_us: u64) {
        std::thread::sleep(Duration::from_micros(self.rng.random_range(0..most_us)));
    }

    fn step(&mut self) {
        match self.rng.random_range(0..12) {
            0..4 => self.kill_consumer(),
            4..7 => self.kill_producer(),
            7 => self.kill_node(),
            8..11 => {
                self.change_hands();
                self.pause(30_000);
                // In the middle of it.
                match self.rng.random_range(0..4) {
                    0 => self.kill_consumer(),
                    1 => self.kill_producer(),
                    2 => self.kill_node(),
                    _ => {}
                }
            }
            _ => self.freeze(),
        }
        self.pause(40_000);
        self.moving.retain_mut(Running::is_running);
    }

    fn kill_consumer(&mut self) {
        let at = self.rng.random_range(0..CONSUMERS.len());
        self.consumers[at] = {
            self.consumers[at].signal(Signal::KILL);
            self.consumer(CONSUMERS[at])
        };
        self.tally.consumers += 1;
    }

    fn kill_producer(&mut self) {
        let at = self.rng.random_range(0..PRODUCERS.len());
        self.producers[at] = {
            self.producers[at].signal(Signal::KILL);
            self.producer(PRODUCERS[at])
        };
        self.tally.producers += 1;
    }

    fn kill_node(&mut self) {
        let node = self.node.take().expect("there is one");
        let folder = node.kill();
        self.pause(100_000);
        self.node = Some(Node::on(folder, ""));
        self.tally.nodes += 1;
    }

    fn change_hands(&mut self) {
        let to = CONSUMERS[self.rng.random_range(0..CONSUMERS.len())];
        let node = self.node.as_ref().expect("there is one");
        let mut command = command(&self.folder, &format!("flow migrate frames native:{to}"));
        command.env("SWELL_NODE", node.url());
        self.moving.push(Running::start(command));
        self.tally.moves += 1;
    }

    /// Somebody stands still for a while, and wakes up late.
    fn freeze(&mut self) {
        self.tally.frozen += 1;
        let at = self.rng.random_range(0..CONSUMERS.len());
        match self.rng.random_range(0..4) {
            0 => {
                self.producers[at].signal(Signal::STOP);
                self.pause(300_000);
                self.producers[at].signal(Signal::CONT);
            }
            1 => {
                let node = self.node.as_ref().expect("there is one");
                node.running.signal(Signal::STOP);
                self.pause(300_000);
                let node = self.node.as_ref().expect("there is one");
                node.running.signal(Signal::CONT);
            }
            // While the flow goes to the other.
            _ => {
                self.consumers[at].signal(Signal::STOP);
                self.change_hands();
                self.pause(1_200_000);
                self.consumers[at].signal(Signal::CONT);
            }
        }
    }

    /// Whoever gave up by himself has found something wrong.
    fn check(&mut self) -> Result<(), String> {
        let gone = self.producers.iter_mut().chain(&mut self.consumers).any(End::has_ended);
        if gone { Err("a process gave up; its last words are above".to_string()) } else { Ok(()) }
    }

    /// How often the flow changed hands and sizes, by reason, as the node counts it.
    fn changes(&self) -> String {
        let node = self.node.as_ref().expect("there is one");
        let shown = node.run("flow show frames -o json");
        if shown.code == Some(0) { shown.json()["migrations"].to_string() } else { shown.told }
    }

    /// Ends the producers and waits until everything that was accepted has had its effect; with
    /// `append`, what is put in now that nobody is killed any more.
    fn settle(&mut self, account: &mut Account) -> Result<(), String> {
        self.producers.clear();
        for name in PRODUCERS {
            let producer = Producer::connect(self.socket(), "frames", name, PATIENCE);
            let mut producer = producer.map_err(|error| error.to_string())?;
            let accepted = producer.next();
            let last = now_us();
            if self.ack == Ack::Append {
                let pushed = producer.push(&numbered(name, last), Some(PATIENCE));
                pushed.map_err(|error| format!("{name}: {error}"))?;
            }
            let start = Instant::now();
            loop {
                account.read()?;
                let applied = account.applied(name);
                let is_over = match self.ack {
                    Ack::Consume => applied == accepted,
                    Ack::Append => account.has_seen(name, last),
                };
                if is_over {
                    break;
                }
                if start.elapsed() > PATIENCE || self.ack == Ack::Consume && applied > accepted {
                    let node = self.node.as_ref().expect("there is one");
                    let shown = node.run("flow show frames").out;
                    return Err(format!(
                        "{name}: {accepted} were accepted, {applied} had their effect\n{shown}"
                    ));
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        Ok(())
    }
}
