//! The table a person reads in a terminal: one per setting, the best policy first.
//!
//! Plain text that fits 120 columns, or 180 with intervals over seeds; nothing depends on color. Notes below say what the
//! columns mean and when the comparison with the bound is fair.

use std::io::{self, Write};

use crate::report::figure::{count, memory, percent, percent_to, quantity, whole};
use crate::report::student::Estimate;
use crate::report::summary::{Distance, Line, Panel, panels};
use crate::results::Results;

/// Writes all tables and their notes.
pub fn write(results: &Results, out: &mut dyn Write) -> io::Result<()> {
    let panels = panels(results);
    for panel in &panels {
        write_panel(panel, out)?;
        writeln!(out)?;
    }
    if panels.is_empty() {
        writeln!(out, "No run was completed.")?;
        return Ok(());
    }
    write_notes(&panels, out)
}

const HEAD: [&str; 13] = [
    "policy",
    "bad %",
    "cold %",
    "drop %",
    "delay %",
    "slow %",
    "queue ms",
    "added %",
    "waste GB s",
    "evicted",
    "starts",
    "bound",
    "calls/s",
];

fn write_panel(panel: &Panel, out: &mut dyn Write) -> io::Result<()> {
    let (calls, memory) = (whole(panel.calls as f64), memory(panel.memory_mb));
    let seeds = count(panel.seeds(), "seed");
    writeln!(out, "{} with {memory}: {}", panel.trace, panel.setting())?;
    writeln!(out, "{calls} calls, {seeds}\n")?;
    let mut cells = vec![HEAD.map(str::to_string).to_vec()];
    cells.extend(panel.ranked().into_iter().map(|line| cells_of(line, panel.decimals()).to_vec()));
    write_aligned(&cells, out)?;
    let possible: Vec<String> = panel
        .possible
        .iter()
        .map(|possible| {
            let dropped = match possible.drop.mean {
                0.0 => String::new(),
                drop => format!(" and {} % dropped", percent_to(drop, panel.decimals())),
            };
            format!(
                "{} {} % cold{dropped}",
                possible.bound,
                percent_to(possible.cold.mean, panel.decimals())
            )
        })
        .collect();
    if !possible.is_empty() {
        writeln!(out, "\npossible: {}", possible.join("; "))?;
    }
    Ok(())
}

fn cells_of(line: &Line, decimals: usize) -> [String; 13] {
    [
        line.policy.clone(),
        with_interval(line.bad, decimals),
        with_interval(line.cold, decimals),
        with_interval(line.drop, decimals),
        with_interval(line.delayed, decimals),
        with_interval(line.slow, decimals),
        spread(line.queue_ms, quantity),
        spread(line.added_latency, percent),
        spread(line.waste, whole),
        spread(line.evictions, whole),
        spread(line.starts, whole),
        line.distance.map_or_else(String::new, distance),
        line.speed.map_or_else(String::new, whole),
    ]
}

/// A percentage, with half its interval where it has one: `5.68 ±0.02`.
pub fn with_interval(estimate: Estimate, decimals: usize) -> String {
    let mean = percent_to(estimate.mean, decimals);
    match estimate.half {
        Some(half) => format!("{mean} ±{half:.decimals$}"),
        None => mean,
    }
}

/// Any figure, with half its interval where it has one.
fn spread(estimate: Estimate, figure: fn(f64) -> String) -> String {
    let mean = figure(estimate.mean);
    match estimate.half {
        Some(half) => format!("{mean} ±{}", figure(half)),
        None => mean,
    }
}

/// `x1.3`, or `~x1.3` where the bound does not strictly hold.
pub fn distance(distance: Distance) -> String {
    let mark = if distance.valid { "" } else { "~" };
    match distance.times {
        times if times < 99.95 => format!("{mark}x{times:.1}"),
        times => format!("{mark}x{}", whole(times)),
    }
}

/// Writes rows of cells below each other: the first column to the left, the others to
/// the right, a rule below the first row. Columns without any content are left out.
pub fn write_aligned(rows: &[Vec<String>], out: &mut dyn Write) -> io::Result<()> {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let filled = |column: &usize| rows.iter().skip(1).any(|row| !row[*column].is_empty());
    let shown: Vec<(usize, usize)> = (0..columns)
        .filter(|column| *column == 0 || filled(column))
        .map(|column| (column, width(column).unwrap_or(0)))
        .collect();
    for (index, row) in rows.iter().enumerate() {
        let mut line = String::new();
        for &(column, width) in &shown {
            let cell = &row[column];
            line += &match column {
                0 => format!("{cell:<width$}"),
                _ => format!("  {cell:>width$}"),
            };
        }
        writeln!(out, "{}", line.trim_end())?;
        if index == 0 {
            let total: usize = shown.iter().map(|(_, width)| width + 2).sum();
            writeln!(out, "{}", "-".repeat(total - 2))?;
        }
    }
    Ok(())
}

fn write_notes(panels: &[Panel], out: &mut dyn Write) -> io::Result<()> {
    let lines = || panels.iter().flat_map(|panel| &panel.lines);
    writeln!(out, "bad %     cold or dropped, of all calls; the order of the table")?;
    writeln!(out, "cold %    waited for a new instance, of served calls (drops not counted)")?;
    writeln!(out, "delay %   waited for a busy instance, of served calls")?;
    writeln!(out, "slow %    waited longer than 2 s, for whatever, of served calls")?;
    writeln!(
        out,
        "queue ms  mean wait for anything but a start; added %: all waiting over all work"
    )?;
    writeln!(out, "waste     memory of idle instances over time")?;
    if lines().any(|line| line.bad.half.is_some()) {
        writeln!(out, "±         95 % confidence interval of the mean over seeds (Student's t)")?;
    }
    if lines().any(|line| line.distance.is_some()) {
        writeln!(
            out,
            "bound     bad % over the cold % of the space-time bound, which no policy that"
        )?;
        writeln!(out, "          acts on demand and drops nothing can go below")?;
    }
    if lines().any(|line| line.speed.is_some()) {
        writeln!(out, "calls/s   simulated per second of one core, on this machine")?;
    }
    if lines().any(|line| line.distance.is_some_and(|distance| !distance.valid)) {
        writeln!(
            out,
            "~         dropped, delayed or started ahead, so the bound does not strictly hold"
        )?;
    }
    Ok(())
}
