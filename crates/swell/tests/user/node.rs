//! A node of the real program, in a folder of its own, and what a user does with it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::shell::Folder;
use crate::wire::{Answer, request};

/// How long anything may take before a test gives up. Nothing is asserted about less.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Looks again and again until something is so.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What a run of the program came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) told: String,
}

impl Ran {
    pub(crate) fn of(mut command: Command) -> Self {
        Self::with(command.output().expect("the program starts"))
    }

    pub(crate) fn with(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("it is text");
        Self { code: output.status.code(), out: text(output.stdout), told: text(output.stderr) }
    }

    /// It must have ended with this code, having told this.
    pub(crate) fn ended(&self, code: i32, told: &str) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(self.told.contains(told), "`{told}` is missing: {self:?}");
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// The program in a folder, untouched by the settings of whoever runs the tests.
pub(crate) fn command(folder: &Folder, words: &str) -> Command {
    let mut command = folder.command(words);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SWELL_") {
            command.env_remove(name);
        }
    }
    command.env("XDG_STATE_HOME", folder.0.join("state"));
    command
}

/// A program that runs beside the test, and the lines it tells. It is killed with its value.
pub(crate) struct Running {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
    /// Ends with what the program tells.
    hearing: JoinHandle<()>,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (told, heard) = (child.stderr.take().expect("it is piped"), lines.clone());
        let hearing = std::thread::spawn(move || hear(told, &heard));
        Self { child, lines, hearing }
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().expect("nobody panics with it").clone()
    }

    /// The first line with these words, waited for.
    pub(crate) fn told(&self, words: &str) -> String {
        until(&format!("the program tells `{words}`"), || {
            let is_all = self.hearing.is_finished();
            let found = self.lines().into_iter().find(|line| line.contains(words));
            assert!(found.is_some() || !is_all, "not `{words}`: {:?}", self.lines());
            found
        })
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).expect("processes have small numbers");
        let pid = Pid::from_raw(pid).expect("it is not zero");
        kill_process(pid, signal).expect("it still runs");
    }

    /// How it ended, waited for.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        until("the program ends", || self.child.try_wait().expect("it is ours"))
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("it is ours").is_none()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn hear(told: ChildStderr, lines: &Mutex<Vec<String>>) {
    for line in BufReader::new(told).lines().map_while(Result::ok) {
        lines.lock().expect("nobody panics with it").push(line);
    }
}

/// A node that is up.
pub(crate) struct Node {
    pub(crate) running: Running,
    pub(crate) address: String,
    pub(crate) folder: Arc<Folder>,
    scheme: String,
}

impl Node {
    /// A new node in a new folder.
    pub(crate) fn up(words: &str) -> Self {
        Self::on(Arc::new(Folder::new()), words)
    }

    /// A node in a folder that another may have used before.
    pub(crate) fn on(folder: Arc<Folder>, words: &str) -> Self {
        let words = format!(
            "up --listen 127.0.0.1:0 --memory 1GiB --data data --set \
                             node.machine=shared {words}"
        );
        Self::by(command(&folder, &words), folder)
    }

    /// The node that this command starts.
    pub(crate) fn by(command: Command, folder: Arc<Folder>) -> Self {
        let running = Running::start(command);
        let line = running.told("serves at");
        let (_, url) = line.rsplit_once(' ').expect("the line ends with the address");
        let (scheme, address) = url.split_once("://").expect("the address has a scheme");
        let (scheme, address) = (scheme.to_string(), address.to_string());
        Self { running, address, folder, scheme }
    }

    /// One node for all tests of a file that run at the same time.
    pub(crate) fn shared(place: &Mutex<Weak<Self>>) -> Arc<Self> {
        let mut place = place.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        place.upgrade().unwrap_or_else(|| {
            let node = Arc::new(Self::up(""));
            *place = Arc::downgrade(&node);
            node
        })
    }

    pub(crate) fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// The program, meaning this node.
    pub(crate) fn command(&self, words: &str) -> Command {
        let mut command = command(&self.folder, words);
        command.env("SWELL_NODE", self.url());
        command
    }

    pub(crate) fn run(&self, words: &str) -> Ran {
        Ran::of(self.command(words))
    }

    /// The same, which must work.
    pub(crate) fn fine(&self, words: &str) -> Ran {
        let ran = self.run(words);
        assert_eq!(ran.code, Some(0), "swell {words}: {ran:?}");
        ran
    }

    /// A file in its folder.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        write(&self.folder.0, name, bytes);
    }

    /// Deploys code under a name.
    pub(crate) fn deploy(&self, name: &str, code: &[u8], words: &str) -> Ran {
        let file = format!("{name}.wasm");
        self.write(&file, code);
        self.fine(&format!("deploy {file} --name {name} --memory 8MiB {words}"))
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        request(&self.address, "GET", path, "", b"")
    }

    /// Calls a function.
    pub(crate) fn call(&self, function: &str, body: &[u8]) -> Answer {
        let length = format!("content-length: {}\r\n", body.len());
        request(&self.address, "POST", &format!("/function/{function}"), &length, body)
    }

    /// What `swell describe` tells programs.
    pub(crate) fn about(&self, function: &str) -> Value {
        self.fine(&format!("describe {function} -o json")).json()
    }

    /// The sum of all samples of a metric.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let text = self.get("/metrics").text();
        let lines = text.lines().filter(|line| line.starts_with(name));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }

    /// Ends it at once, as a power cut would.
    pub(crate) fn kill(mut self) -> Arc<Folder> {
        self.running.signal(Signal::KILL);
        self.running.ended();
        self.folder.clone()
    }

    /// Ends it in order; it must end well.
    pub(crate) fn stop(mut self) -> Arc<Folder> {
        self.running.signal(Signal::TERM);
        let status = self.running.ended();
        assert_eq!(status.code(), Some(0), "{:?}", self.running.lines());
        self.folder.clone()
    }
}

/// Writes a file, and the folders it is in.
pub(crate) fn write(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    let parent = path.parent().expect("it is in a folder");
    std::fs::create_dir_all(parent).expect("the folder of the tests can be written");
    std::fs::write(path, bytes).expect("the folder of the tests can be written");
}
