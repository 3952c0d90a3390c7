//! A site as a process: started, spoken to, killed.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::Sender;

/// Where a site lies and is reached.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) folder: PathBuf,
    pub(crate) addresses: Vec<String>,
}

/// A site's process.
pub(crate) struct Process {
    child: Child,
    input: ChildStdin,
}

impl Process {
    /// Starts a site; what it says goes to `said` with its number.
    pub(crate) fn start(site: u32, place: &Place, said: Sender<(u32, String)>) -> Self {
        let own = std::env::current_exe().expect("this is a program");
        let mut child = Command::new(own)
            .env("SWELL_COUNCIL_SITE", site.to_string())
            .env("SWELL_COUNCIL_FOLDER", &place.folder)
            .env("SWELL_COUNCIL_ADDRESSES", place.addresses.join(","))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let input = child.stdin.take().expect("it is piped");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if said.send((site, line)).is_err() {
                    return;
                }
            }
        });
        Self { child, input }
    }

    /// Tells it something; a process that was killed does not hear.
    pub(crate) fn tell(&mut self, line: &str) {
        let _ = writeln!(self.input, "{line}").and_then(|()| self.input.flush());
    }

    /// Kills it as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where the log of a site lies.
pub(crate) fn log_folder(folder: &Path, site: u32) -> PathBuf {
    folder.join(format!("log-{site}"))
}
