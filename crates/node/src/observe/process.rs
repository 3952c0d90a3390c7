//! What the machine says of this process, under the names that Prometheus' own clients
//! gave it. Where there is no `/proc`, there is less to say.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

/// Ticks a second in which `/proc` counts CPU time: fixed in the interface of Linux,
/// whatever the kernel's own clock does.
const TICKS: f64 = 100.0;

/// This process at a moment; nothing where the machine does not say.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Process {
    /// CPU time used since it began, in user and system mode.
    pub cpu_seconds: Option<f64>,
    /// Memory it has resident.
    pub resident_bytes: Option<u64>,
    /// Files it holds open.
    pub open_fds: Option<u64>,
    /// Threads it has.
    pub threads: Option<u64>,
    /// When it began, in seconds since 1970.
    pub start_seconds: Option<f64>,
}

impl Process {
    /// What the machine says now.
    pub fn read() -> Self {
        let stat = fs::read_to_string("/proc/self/stat").ok().and_then(|text| stat(&text));
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let uptime = fs::read_to_string("/proc/uptime").ok().and_then(|text| uptime(&text));
        Self {
            cpu_seconds: stat.map(|stat| stat.cpu_seconds),
            resident_bytes: field(&status, "VmRSS:").map(|kilobytes| kilobytes * 1024),
            open_fds: fs::read_dir("/proc/self/fd").ok().map(|entries| entries.count() as u64),
            threads: field(&status, "Threads:"),
            start_seconds: stat.zip(uptime).and_then(|(stat, up)| began(stat.began_seconds, up)),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Stat {
    cpu_seconds: f64,
    /// After the machine came up.
    began_seconds: f64,
}

/// The fields of `/proc/PID/stat` that count. The second field is the program's name in
/// parentheses and may hold anything, even parentheses; the rest is counted from its end.
fn stat(text: &str) -> Option<Stat> {
    let rest = &text[text.rfind(')')? + 1..];
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let ticks = |place: usize| fields.get(place)?.parse::<u64>().ok();
    let cpu = ticks(11)? + ticks(12)?;
    Some(Stat { cpu_seconds: cpu as f64 / TICKS, began_seconds: ticks(19)? as f64 / TICKS })
}

fn field(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

fn uptime(text: &str) -> Option<f64> {
    text.split_ascii_whitespace().next()?.parse().ok()
}

fn began(after_boot: f64, uptime: f64) -> Option<f64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs_f64();
    Some(((now - uptime + after_boot) * TICKS).round() / TICKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_parentheses_and_blanks_do_not_confuse() {
        let rest = "S 1 2 3 4 5 6 7 8 9 10 250 150 0 0 20 0 4 0 1234 1 2";
        for name in ["swell", "a b", "a) R 9 (b", "()"] {
            let expected = Stat { cpu_seconds: 4.0, began_seconds: 12.34 };
            assert_eq!(stat(&format!("17 ({name}) {rest}")), Some(expected), "{name}");
        }
        for text in ["", "17 swell S 1", "17 (swell) S 1 2"] {
            assert_eq!(stat(text), None, "{text}");
        }
    }

    #[test]
    fn this_process_is_alive() {
        if !cfg!(target_os = "linux") {
            return;
        }
        let process = Process::read();
        assert!(process.resident_bytes.expect("a size") > 100_000, "{process:?}");
        assert!(process.open_fds.expect("a count") >= 3, "{process:?}");
        assert!(process.threads.expect("a count") >= 1, "{process:?}");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64();
        let age = now - process.start_seconds.expect("a time");
        assert!((-1.0..86_400.0).contains(&age), "{age}");
    }
}
