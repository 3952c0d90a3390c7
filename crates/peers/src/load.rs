//! Load by `wrk`, and what it costs a server.

use std::process::Command;
use std::time::Duration;

use crate::process::Server;

/// What a server did under load.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Requests a second.
    pub rate: f64,
    /// Half of the requests took no longer.
    pub p50: Duration,
    /// 99 of 100 took no longer.
    pub p99: Duration,
    /// CPU time of the server per request.
    pub cpu: Duration,
    /// Memory of the server afterwards, in bytes.
    pub memory: u64,
    /// Answers that were no success.
    pub failed: u64,
}

/// Puts load on a server: a second to warm up, then the measurement.
pub fn put(server: &Server, path: &str, connections: u32, seconds: u32) -> Result<Load, String> {
    wrk(server, path, connections, 1)?;
    let before = server.cpu();
    let text = wrk(server, path, connections, seconds)?;
    let used = server.cpu().saturating_sub(before);
    let count = number(&text, "requests in").ok_or_else(|| format!("wrk said: {text}"))?;
    let cpu = if count > 0.0 { used.div_f64(count) } else { Duration::ZERO };
    let after = |label: &str| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(label));
        line.map(str::trim).map(str::to_string)
    };
    Ok(Load {
        rate: after("Requests/sec:").and_then(|rate| rate.parse().ok()).unwrap_or(0.0),
        p50: after("50%").map_or(Duration::ZERO, |text| span(&text)),
        p99: after("99%").map_or(Duration::ZERO, |text| span(&text)),
        cpu,
        memory: server.memory(),
        failed: after("Non-2xx or 3xx responses:").and_then(|n| n.parse().ok()).unwrap_or(0),
    })
}

fn wrk(server: &Server, path: &str, connections: u32, seconds: u32) -> Result<String, String> {
    let output = Command::new("wrk")
        .args(["--latency", "-t1", "-c", &connections.to_string()])
        .args(["-d", &format!("{seconds}s")])
        .arg(format!("http://127.0.0.1:{}{path}", server.port))
        .output()
        .map_err(|error| format!("cannot start `wrk` ({error}); install it, on Debian with apt"))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The number before these words.
fn number(text: &str, words: &str) -> Option<f64> {
    let line = text.lines().find(|line| line.contains(words))?;
    line.split_whitespace().next()?.parse().ok()
}

/// A span as wrk writes it: `187.00us`, `1.35ms`, `2.01s`.
fn span(text: &str) -> Duration {
    let split = text.find(|letter: char| letter.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let unit = match unit {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        _ => 60.0,
    };
    Duration::from_secs_f64(number.parse::<f64>().unwrap_or(0.0) * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_wrk_says_is_read() {
        for (text, micros) in [("187.00us", 187), ("1.35ms", 1_350), ("2.50s", 2_500_000)] {
            assert_eq!(span(text).as_micros(), micros, "{text}");
        }
        let text = "  46800 requests in 1.00s, 5.0MB read\nRequests/sec:  46799.10\n";
        assert_eq!(number(text, "requests in"), Some(46_800.0));
    }
}
