//! The outcomes side by side, as a person reads them.

use std::io::{self, Write};

use serde::Serialize;

use crate::flow::play::{NOT_PLAYED, Outcome};
use crate::flow::rule::Rule;

/// The outcome of a rule at a pause, over some seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The pause of a change of hands, in milliseconds.
    pub pause_ms: f64,
    /// The rule.
    pub rule: Rule,
    /// One outcome per seed.
    pub outcomes: Vec<Outcome>,
}

impl Line {
    /// The mean of a figure over the seeds.
    pub fn mean(&self, figure: impl Fn(&Outcome) -> f64) -> f64 {
        self.outcomes.iter().map(figure).sum::<f64>() / self.outcomes.len().max(1) as f64
    }
}

/// How wide the names of rules are at least.
const RULE_WIDE: usize = 22;

/// Writes the table.
pub fn write(lines: &[Line], out: &mut dyn Write) -> io::Result<()> {
    let head = [
        "pause ms",
        "rule",
        "moves/FIFO h",
        "ping-pongs",
        "grown",
        "shrunk",
        "cores",
        "late ticks %",
    ];
    let wide = lines.iter().map(|line| line.rule.name().len()).max().unwrap_or(0).max(RULE_WIDE);
    writeln!(
        out,
        "{:>8}  {:<wide$} {:>13} {:>11} {:>6} {:>7} {:>6} {:>13}",
        head[0], head[1], head[2], head[3], head[4], head[5], head[6], head[7]
    )?;
    for line in lines {
        writeln!(
            out,
            "{:>8}  {:<wide$} {:>13.0} {:>11.1} {:>6.1} {:>7.1} {:>6.1} {:>13.1}",
            line.pause_ms,
            line.rule.name(),
            line.mean(|outcome| outcome.moves),
            line.mean(|outcome| outcome.ping_pongs),
            line.mean(|outcome| outcome.grown),
            line.mean(|outcome| outcome.shrunk),
            line.mean(|outcome| outcome.reseated),
            line.mean(|outcome| outcome.late * 100.0),
        )?;
    }
    writeln!(out, "\nNot played: {NOT_PLAYED}.")
}

/// One outcome, as a row for programs.
#[derive(Serialize)]
struct Row<'a> {
    pause_ms: f64,
    rule: &'a str,
    seed: usize,
    moves_per_fifo_hour: f64,
    ping_pongs_per_fifo_hour: f64,
    grown_per_fifo_hour: f64,
    shrunk_per_fifo_hour: f64,
    cores_per_fifo_hour: f64,
    late_share: f64,
}

fn rows(lines: &[Line]) -> impl Iterator<Item = Row<'_>> {
    lines.iter().flat_map(|line| {
        line.outcomes.iter().enumerate().map(|(index, outcome)| Row {
            pause_ms: line.pause_ms,
            rule: line.rule.name(),
            seed: index + 1,
            moves_per_fifo_hour: outcome.moves,
            ping_pongs_per_fifo_hour: outcome.ping_pongs,
            grown_per_fifo_hour: outcome.grown,
            shrunk_per_fifo_hour: outcome.shrunk,
            cores_per_fifo_hour: outcome.reseated,
            late_share: outcome.late,
        })
    })
}

/// Writes one JSON array, a row per seed.
pub fn write_json(lines: &[Line], out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &rows(lines).collect::<Vec<_>>())?;
    writeln!(out)
}

/// Writes a header and a row per seed.
pub fn write_csv(lines: &[Line], out: &mut dyn Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    for row in rows(lines) {
        writer.serialize(row).map_err(io::Error::other)?;
    }
    writer.flush()
}
