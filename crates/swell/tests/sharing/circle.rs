//! Nodes of one circle: processes with certificates of one authority and one data store.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use rustix::process::{Pid, Signal, kill_process};
use swell_link::authority::Authority;
use swell_link::purpose::Purpose;

use crate::shell::Folder;

/// How long anything may take before a test gives up. Nothing is asserted about less.
const PATIENCE: Duration = Duration::from_secs(60);
const NAMES: [&str; 3] = ["berlin", "oslo", "paris"];

/// A node, and where it answered last.
struct Place {
    child: Option<Child>,
    url: String,
}

/// The nodes.
pub(crate) struct Circle {
    folder: Folder,
    ports: Vec<u16>,
    places: Vec<Mutex<Place>>,
}

impl Circle {
    /// Three nodes that are up.
    pub(crate) fn up() -> Arc<Self> {
        let folder = Folder::new();
        let now = SystemTime::now();
        let authority = Authority::found("test", now).expect("it is founded");
        let write = |name: &str, text: &str| {
            std::fs::write(folder.0.join(name), text).expect("the folder can be written");
        };
        write("authority.pem", authority.certificate());
        for name in NAMES {
            let lasts = Duration::from_secs(86_400);
            let issued = authority.issue(name, Purpose::Content, now, lasts).expect("it is issued");
            write(&format!("{name}.pem"), &issued.certificate);
            write(&format!("{name}.key"), &issued.key);
        }
        let free = |_: &&str| {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
            listener.local_addr().expect("it is bound").port()
        };
        let ports = NAMES.iter().map(free).collect();
        let place = |_| Mutex::new(Place { child: None, url: String::new() });
        let places = NAMES.iter().map(place).collect();
        let circle = Self { folder, ports, places };
        for node in 0..NAMES.len() {
            circle.start(node);
        }
        Arc::new(circle)
    }

    /// How many nodes there are.
    pub(crate) fn len(&self) -> usize {
        NAMES.len()
    }

    /// Starts a node, in the folder it had before.
    pub(crate) fn start(&self, node: usize) {
        let name = NAMES[node];
        let peers: Vec<String> = NAMES
            .iter()
            .zip(&self.ports)
            .map(|(name, port)| format!("{name}=127.0.0.1:{port}"))
            .collect();
        let words = format!("up --listen 127.0.0.1:0 --memory 256MiB --data data-{name}");
        let mut command = self.command(&words);
        for (key, value) in [
            ("STORE", self.folder.0.join("store").to_string_lossy().into_owned()),
            ("WORKLOADS", "shop".to_string()),
            ("NAME", name.to_string()),
            ("PEERS", peers.join(",")),
            ("LISTEN", format!("127.0.0.1:{}", self.ports[node])),
            ("AUTHORITY", "authority.pem".to_string()),
            ("CERTIFICATE", format!("{name}.pem")),
            ("KEY", format!("{name}.key")),
        ] {
            command.env(format!("SWELL__CACHE__{key}"), value);
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

    fn command(&self, words: &str) -> Command {
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

    /// The node that leads the group, waited for; `others` does not count.
    pub(crate) fn leader(&self, not: Option<usize>) -> usize {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            for node in (0..self.len()).filter(|&node| Some(node) != not) {
                let answer = crate::callers::get(&format!("{}/v1/cache", self.url(node)));
                let state: Option<serde_json::Value> =
                    answer.and_then(|(_, body)| serde_json::from_slice(&body).ok());
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
