//! What a load came to, for people and for programs.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use serde::Serialize;
use swell_sim::report::figure::{quantity, whole};

use crate::cmd::bench::latency::Latency;
use crate::cmd::bench::tally::Tally;

/// What a load came to.
#[derive(Debug, Serialize)]
pub struct Report {
    /// What was called.
    pub target: String,
    /// Connections.
    pub connections: u16,
    /// Requests due in a second; nothing where each waited for the answer before.
    pub rate: Option<u32>,
    /// How long it took.
    pub seconds: f64,
    /// Answers.
    pub answers: u64,
    /// Answers a second.
    pub answers_per_second: f64,
    /// Bytes of bodies received.
    pub bytes: u64,
    /// Requests that were due and not sent, because every connection still waited.
    pub unsent: u64,
    /// Latencies of answers below status 400.
    pub latency: Option<Percentiles>,
    /// The same by how the request met its instance, where the server tells.
    pub latency_by_start: BTreeMap<String, Percentiles>,
    /// Latencies of answers from status 400 on.
    pub error_latency: Option<Percentiles>,
    /// Answers by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Requests without an answer, by why.
    pub failures: BTreeMap<String, u64>,
    /// CPU time of the server, where it is known.
    pub server_cpu: Option<ServerCpu>,
}

/// Latencies, in microseconds.
#[derive(Debug, Serialize)]
pub struct Percentiles {
    count: u64,
    min_us: f64,
    mean_us: f64,
    p50_us: f64,
    p90_us: f64,
    p99_us: f64,
    p999_us: f64,
    max_us: f64,
}

/// CPU time of the server while the load ran.
#[derive(Debug, Serialize)]
pub struct ServerCpu {
    /// In all.
    pub seconds: f64,
    /// For each answer.
    pub us_per_answer: f64,
}

impl Percentiles {
    fn of(latency: &Latency) -> Option<Self> {
        let (min_us, mean_us, max_us) = latency.least_mean_most()?;
        Some(Self {
            count: latency.count(),
            min_us,
            mean_us,
            p50_us: latency.percentile(50.0)?,
            p90_us: latency.percentile(90.0)?,
            p99_us: latency.percentile(99.0)?,
            p999_us: latency.percentile(99.9)?,
            max_us,
        })
    }

    fn cells(&self) -> [f64; 7] {
        [
            self.min_us,
            self.mean_us,
            self.p50_us,
            self.p90_us,
            self.p99_us,
            self.p999_us,
            self.max_us,
        ]
    }
}

impl Report {
    /// Puts in what came of the requests.
    pub fn of(tally: &Tally, elapsed: Duration, cpu_seconds: Option<f64>) -> Self {
        let answers = tally.answers();
        let told = tally.good.iter().filter(|row| !row.0.is_empty());
        let by_start = told.filter_map(|(start, row)| Some((start.clone(), Percentiles::of(row)?)));
        let server_cpu = cpu_seconds
            .filter(|_| answers > 0)
            .map(|seconds| ServerCpu { seconds, us_per_answer: seconds * 1e6 / answers as f64 });
        Self {
            target: String::new(),
            connections: 0,
            rate: None,
            seconds: elapsed.as_secs_f64(),
            answers,
            answers_per_second: answers as f64 / elapsed.as_secs_f64().max(f64::MIN_POSITIVE),
            bytes: tally.bytes,
            unsent: 0,
            latency: Percentiles::of(&tally.all_good()),
            latency_by_start: by_start.collect(),
            error_latency: Percentiles::of(&tally.bad),
            statuses: tally.statuses.clone(),
            failures: tally.failures.clone(),
            server_cpu,
        }
    }

    /// Tells people.
    pub fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        let pace = match self.rate {
            Some(rate) => format!("{} requests/s due", whole(f64::from(rate))),
            None => "as fast as answered".to_string(),
        };
        writeln!(out, "{}", self.target)?;
        writeln!(out, "{} connections, {pace}, {:.1} s", self.connections, self.seconds)?;
        writeln!(
            out,
            "\n{} answers, {} a second, {} bytes",
            whole(self.answers as f64),
            whole(self.answers_per_second),
            whole(self.bytes as f64)
        )?;
        if self.unsent > 0 {
            let unsent = whole(self.unsent as f64);
            writeln!(
                out,
                "{unsent} requests were due and not sent: every connection still waited"
            )?;
        }
        self.tell_latency(out)?;
        for (status, count) in self.statuses.iter().filter(|row| *row.0 >= 400) {
            writeln!(out, "status {status}: {}", whole(*count as f64))?;
        }
        for (why, count) in &self.failures {
            writeln!(out, "no answer, {why}: {}", whole(*count as f64))?;
        }
        if let Some(cpu) = &self.server_cpu {
            let (each, all) = (quantity(cpu.us_per_answer), cpu.seconds);
            writeln!(out, "server CPU: {each} us an answer, {all:.2} s in all")?;
        }
        Ok(())
    }

    fn tell_latency(&self, out: &mut dyn Write) -> io::Result<()> {
        let all = self.latency.iter().map(|row| ("all", row));
        let by_start = self.latency_by_start.iter().map(|(start, row)| (start.as_str(), row));
        let errors = self.error_latency.iter().map(|row| ("errors", row));
        let rows: Vec<_> = all.chain(by_start).chain(errors).collect();
        if rows.is_empty() {
            return Ok(());
        }
        let heads = ["min", "mean", "p50", "p90", "p99", "p99.9", "max"];
        write!(out, "\n{:<10}{:>12}", "us", "answers")?;
        heads.iter().try_for_each(|head| write!(out, "{head:>11}"))?;
        writeln!(out)?;
        for (name, row) in rows {
            write!(out, "{name:<10}{:>12}", whole(row.count as f64))?;
            row.cells().iter().try_for_each(|cell| write!(out, "{:>11}", quantity(*cell)))?;
            writeln!(out)?;
        }
        writeln!(out)
    }
}
