//! Nodes of one circle: processes with certificates of one authority and one data store.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use rustix::process::{Pid, Signal, kill_process};
use swell_link::authority::Authority;
use swell_link::purpose::Purpose;

use crate::namespaces::Namespaces;
use crate::network::enter;
use crate::shell::Folder;

/// How long anything may take before a test gives up. Nothing is asserted about less.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
const NAMES: [&str; 4] = ["berlin", "oslo", "paris", "madrid"];
/// So many of them are on the list that all have.
const LISTED: usize = 3;

/// An address that nobody listens at, below those that the system gives to outgoing connections: a
/// node that starts again finds it free.
fn free_address() -> String {
    static TURNS: AtomicU32 = AtomicU32::new(0);
    loop {
        let turn = TURNS.fetch_add(1, Ordering::Relaxed);
        let place = std::process::id().wrapping_mul(131).wrapping_add(turn) % 20_000;
        let address = format!("127.0.0.1:{}", 10_000 + place);
        if TcpListener::bind(&address).is_ok() {
            return address;
        }
    }
}

/// Makes more environment for a node, of its folder and name.
pub(crate) type Environment = fn(&std::path::Path, &str) -> Vec<(String, String)>;

/// How a circle is made.
#[derive(Default)]
pub(crate) struct Making {
    /// Where its data store is; nothing is a folder of the test.
    pub(crate) store: Option<String>,
    /// Workloads that its settings name.
    pub(crate) workloads: &'static str,
    /// How many nodes there are; 0 is as many as are on the list. Others are not on it.
    pub(crate) nodes: usize,
    /// A network namespace for each.
    pub(crate) namespaces: Option<Namespaces>,
    /// More of the environment of each.
    pub(crate) environment: Option<Environment>,
}

/// A node, and where it answered last.
struct Place {
    child: Option<Child>,
    url: String,
}

/// The nodes.
pub(crate) struct Circle {
    pub(crate) folder: Folder,
    names: &'static [&'static str],
    at: Vec<String>,
    places: Vec<Mutex<Place>>,
    pub(crate) making: Making,
}

impl Circle {
    /// Three nodes that are up.
    pub(crate) fn up() -> Arc<Self> {
        Self::made(Making { workloads: "shop", ..Making::default() })
    }

    /// Nodes that are up.
    pub(crate) fn made(making: Making) -> Arc<Self> {
        let folder = Folder::new();
        let names = &NAMES[..if making.nodes == 0 { LISTED } else { making.nodes }];
        let now = SystemTime::now();
        let authority = Authority::found("test", now).expect("it is founded");
        let write = |name: &str, text: &str| {
            std::fs::write(folder.0.join(name), text).expect("the folder can be written");
        };
        write("authority.pem", authority.certificate());
        for name in names {
            let lasts = Duration::from_secs(86_400);
            let issued = authority.issue(name, Purpose::Content, now, lasts).expect("it is issued");
            write(&format!("{name}.pem"), &issued.certificate);
            write(&format!("{name}.key"), &issued.key);
        }
        let at = match &making.namespaces {
            Some(namespaces) => namespaces.addresses(),
            None => names.iter().map(|_| free_address()).collect(),
        };
        let place = |_| Mutex::new(Place { child: None, url: String::new() });
        let places = names.iter().map(place).collect();
        let circle = Self { folder, names, at, places, making };
        for node in 0..names.len() {
            circle.start(node);
        }
        Arc::new(circle)
    }

    /// How many nodes there are.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// What a node is called.
    pub(crate) fn name(&self, node: usize) -> &'static str {
        self.names[node]
    }

    /// The node of a name.
    pub(crate) fn node(&self, name: &str) -> usize {
        self.names.iter().position(|known| *known == name).expect("it is one of them")
    }

    /// Goes where a node can be reached: this thread, until it goes elsewhere.
    pub(crate) fn visit(&self, node: usize) {
        if let Some(namespaces) = &self.making.namespaces {
            enter(&namespaces.name(node as u32));
        }
    }

    /// Starts a node, in the folder it had before.
    pub(crate) fn start(&self, node: usize) {
        self.start_with(node, &(0..LISTED.min(self.names.len())).collect::<Vec<_>>());
    }

    /// The same with these on its list.
    pub(crate) fn start_with(&self, node: usize, listed: &[usize]) {
        let name = self.names[node];
        let peer = |&node: &usize| format!("{}={}", self.names[node], self.at[node]);
        let peers: Vec<String> = listed.iter().map(peer).collect();
        let words = format!("up --listen 127.0.0.1:0 --memory 256MiB --data data-{name}");
        self.visit(node);
        let mut command = self.command(&words);
        let own = self.folder.0.join("store").to_string_lossy().into_owned();
        for (key, value) in [
            ("STORE", self.making.store.clone().unwrap_or(own)),
            ("WORKLOADS", self.making.workloads.to_string()),
            ("NAME", name.to_string()),
            ("PEERS", peers.join(",")),
            ("LISTEN", self.at[node].clone()),
            ("AUTHORITY", "authority.pem".to_string()),
            ("CERTIFICATE", format!("{name}.pem")),
            ("KEY", format!("{name}.key")),
        ] {
            command.env(format!("SWELL__CACHE__{key}"), value);
        }
        if !listed.contains(&node) {
            command.env("SWELL__CACHE__ADVERTISE", &self.at[node]);
        }
        if let Some(environment) = self.making.environment {
            command.envs(environment(&self.folder.0, name));
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let told = BufReader::new(child.stderr.take().expect("it is piped"));
        let mut lines = told.lines().map_while(Result::ok);
        let mut said = Vec::new();
        let line = lines.by_ref().find(|line| {
            said.push(line.clone());
            line.contains("serves at")
        });
        let line = line.unwrap_or_else(|| panic!("{name} does not serve: {said:?}"));
        let (_, url) = line.rsplit_once(' ').expect("the line ends with the address");
        // Somebody has to listen, or the node would be stopped by its full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        *self.lock(node) = Place { child: Some(child), url: url.to_string() };
    }

    /// The program with these words, in the folder of the circle.
    pub(crate) fn command(&self, words: &str) -> Command {
        let mut command = self.folder.command(words);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("SWELL_") {
                command.env_remove(name);
            }
        }
        command
    }

    fn lock(&self, node: usize) -> std::sync::MutexGuard<'_, Place> {
        self.places[node].lock().expect("nobody panics with it")
    }

    /// Where a node answers, or answered last.
    pub(crate) fn url(&self, node: usize) -> String {
        self.lock(node).url.clone()
    }

    /// Ends a node at once, as a power cut would.
    pub(crate) fn kill(&self, node: usize) {
        let mut child = self.lock(node).child.take().expect("it is up");
        child.kill().expect("it is ours");
        child.wait().expect("it is ours");
    }

    /// Stops a node in its tracks, or lets it go on.
    pub(crate) fn signal(&self, node: usize, signal: Signal) {
        let place = self.lock(node);
        let child = place.child.as_ref().expect("it is up");
        let pid = i32::try_from(child.id()).expect("processes have small numbers");
        kill_process(Pid::from_raw(pid).expect("it is not zero"), signal).expect("it runs");
    }

    /// Takes the data store away, or brings it back.
    pub(crate) fn move_store(&self, from: &str, to: &str) {
        std::fs::rename(self.folder.0.join(from), self.folder.0.join(to)).expect("it is there");
    }

    /// What a page of a node's API says, if it answers.
    pub(crate) fn page(&self, node: usize, path: &str) -> Option<serde_json::Value> {
        self.visit(node);
        let (_, body) = crate::callers::get(&format!("{}{path}", self.url(node)))?;
        serde_json::from_slice(&body).ok()
    }

    /// Runs the program against a node: what it printed, or what went wrong.
    pub(crate) fn run(&self, node: usize, words: &str) -> Result<String, String> {
        let ran = self.command(&format!("{words} --node {}", self.url(node))).output();
        let ran = ran.expect("the program starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if ran.status.success() { Ok(text(&ran.stdout)) } else { Err(text(&ran.stderr)) }
    }

    /// The node that leads the group, waited for; `others` does not count.
    pub(crate) fn leader(&self, not: Option<usize>) -> usize {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            for node in (0..self.len()).filter(|&node| Some(node) != not) {
                let state = self.page(node, "/v1/cache");
                if state.is_some_and(|state| state["groups"][0]["leads"] == true) {
                    return node;
                }
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("nobody leads");
    }
}

impl Drop for Circle {
    fn drop(&mut self) {
        for node in 0..self.places.len() {
            if let Some(mut child) = self.lock(node).child.take() {
                // It may have ended by itself.
                let _ = child.kill();
                let _ = child.wait();
            }
        }
    }
}
