//! A server in a process of its own: started, watched, ended.

use std::ffi::OsStr;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::client;

/// How long a server may take to come up.
const PATIENCE: Duration = Duration::from_secs(60);
/// The kernel counts CPU time in these, on every machine that Linux runs on today.
const TICK: Duration = Duration::from_millis(10);

/// A server that runs until this is dropped.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub port: u16,
    /// From its start to its first answer.
    pub came_up: Duration,
}

impl Server {
    /// Starts a program that listens at `port` and waits until `path` answers there.
    pub fn start<A: AsRef<OsStr>>(
        program: &Path,
        arguments: &[A],
        port: u16,
        path: &str,
    ) -> Result<Self, String> {
        let begun = Instant::now();
        let child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("cannot start `{}`: {error}", program.display()))?;
        let mut server = Self { child, port, came_up: Duration::ZERO };
        while begun.elapsed() < PATIENCE {
            if let Ok(Some(status)) = server.child.try_wait() {
                return Err(format!("`{}` ended with {status}", program.display()));
            }
            if client::get(port, path).is_ok_and(|answer| answer.status < 500) {
                server.came_up = begun.elapsed();
                return Ok(server);
            }
            thread::sleep(Duration::from_millis(2));
        }
        Err(format!("`{}` does not answer at port {port}", program.display()))
    }

    /// CPU time it has used so far.
    pub fn cpu(&self) -> Duration {
        let path = format!("/proc/{}/stat", self.child.id());
        let text = std::fs::read_to_string(path).unwrap_or_default();
        // The name, in parentheses, may hold blanks.
        let rest = text.rsplit_once(')').map_or("", |(_, rest)| rest);
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let ticks = |place: usize| fields.get(place).and_then(|field| field.parse::<u32>().ok());
        TICK * (ticks(11).unwrap_or(0) + ticks(12).unwrap_or(0))
    }

    /// Memory it holds, in bytes.
    pub fn memory(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kib.unwrap_or(0) * 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that is free now.
pub fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    listener.map(|address| address.port()).map_err(|error| format!("no free port: {error}"))
}
