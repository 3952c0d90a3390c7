//! The first thing a newcomer sees: policies compared on a day of real traffic, and what
//! came of it in plain words.

use std::io::{self, Write};

use swell_core::catalog::ENTRIES;
use swell_core::units::Bytes;
use swell_sim::experiment::Experiment;
use swell_sim::report::figure::{memory, percent, whole};
use swell_sim::report::html::page;
use swell_sim::report::summary::{Line, Panel, panels};
use swell_sim::report::table::write_aligned;
use swell_sim::results::Results;
use swell_trace::cold::ColdCost;
use swell_trace::durations::Durations;
use swell_trace::placement::Placement;

use crate::cli::demo::DemoArguments;
use crate::error::Letter;
use crate::output::{check, to_file, to_stdout};
use crate::say::say;
use crate::watch::{about, processors, run_watched};
use crate::{load, scenario};

/// A day of 200 functions: real, and done in seconds.
const TRACE: &str = "200";
/// What a small box at the edge has, and twice that.
const MEMORIES: [Bytes; 2] = [Bytes::from_mb(8_000), Bytes::from_mb(16_000)];
/// What most platforms do: keep for a fixed time.
const USUAL: &str = "fixed-ttl";

/// Runs `swell demo`.
pub fn run(arguments: &DemoArguments) -> Result<(), Letter> {
    check(&arguments.report)?;
    let trace = load::trace(&[TRACE.to_string()], false)?;
    let functions = trace.functions().len();
    let all: f64 = trace.functions().iter().map(|function| function.memory.mb_f64()).sum();
    let cold = ColdCost::Constant(swell_core::time::Span::from_secs(1));
    let experiment = Experiment {
        scenario: scenario::scenario(trace, &cold)?,
        policies: ENTRIES.iter().map(|entry| entry.name.to_string()).collect(),
        memories: MEMORIES.to_vec(),
        placements: vec![Placement::Uniform],
        durations: Durations::Average,
        seeds: vec![1, 2, 3],
        threads: processors(),
        bounds: true,
        timing: false,
    };
    say(format!(
        "replaying a recorded day of {functions} functions under {} policies",
        ENTRIES.len()
    ));
    let results = run_watched(&experiment)?;
    let report = &arguments.report;
    to_stdout(|out| receipt(&results, functions, all, out))?;
    to_file(report, |out| page::write(&results, &about(), out))?;
    to_stdout(|out| {
        writeln!(out, "\nReport with charts: {} (open it in a browser)", report.display())?;
        writeln!(out, "Next: `swell sim keepalive --help`, `swell policy list`, `swell trace list`")
    })?;
    match results.interrupted {
        true => Err(Letter::interrupted("the figures above are of the completed runs only")),
        false => Ok(()),
    }
}

fn receipt(
    results: &Results,
    functions: usize,
    all_mb: f64,
    out: &mut dyn Write,
) -> io::Result<()> {
    let panels = panels(results);
    let calls = panels.first().map_or(0, |panel| panel.calls);
    let (calls, all) = (whole(calls as f64), memory(all_mb.round()));
    writeln!(out, "One day of Azure Functions, replayed: {calls} calls of {functions} functions.")?;
    writeln!(out, "One instance of each takes {all}; the box has less, so something has to go.")?;
    writeln!(
        out,
        "A call that finds no instance waits 1 s for a new one (cold), and is turned away"
    )?;
    writeln!(
        out,
        "if there is no memory for it (dropped). The policy decides which idle instances"
    )?;
    writeln!(out, "stay. Bad calls, cold or dropped, in % of all; mean of 3 runs:\n")?;
    write_aligned(&cells(&panels), out)?;
    writeln!(out, "\nNo policy that acts on demand and drops nothing gets below the lower bound.")?;
    writeln!(out)?;
    for panel in &panels {
        if let Some(text) = verdict(panel) {
            writeln!(out, "{text}")?;
        }
    }
    Ok(())
}

/// A row per policy, the best of the first memory size on top, and the bound below.
fn cells(panels: &[Panel]) -> Vec<Vec<String>> {
    let Some(first) = panels.first() else { return Vec::new() };
    let head = panels.iter().map(|panel| memory(panel.memory_mb));
    let mut cells: Vec<Vec<String>> = vec![std::iter::once("policy".into()).chain(head).collect()];
    for ranked in first.ranked() {
        let figures = panels.iter().map(|panel| match find(panel, &ranked.policy) {
            Some(line) => percent(line.bad.mean),
            None => String::new(),
        });
        cells.push(std::iter::once(ranked.policy.clone()).chain(figures).collect());
    }
    let bounds = panels.iter().map(|panel| {
        let bound = panel.possible.iter().find(|possible| possible.bound == "space-time");
        bound.map_or_else(String::new, |bound| percent(bound.cold.mean))
    });
    cells.push(std::iter::once("(lower bound)".into()).chain(bounds).collect());
    cells
}

fn verdict(panel: &Panel) -> Option<String> {
    let best = *panel.ranked().first()?;
    let usual = find(panel, USUAL)?;
    let saved = (usual.bad.mean - best.bad.mean) / 100.0 * panel.calls as f64;
    Some(format!(
        "With {}, {} is best: {} fewer bad calls a day than keeping for a fixed 10 minutes.",
        memory(panel.memory_mb),
        best.policy,
        whole(saved)
    ))
}

fn find<'a>(panel: &'a Panel, policy: &str) -> Option<&'a Line> {
    panel.lines.iter().find(|line| line.policy == policy)
}
