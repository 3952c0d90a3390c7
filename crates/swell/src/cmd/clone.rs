//! Compares keep-alive alone with keep-alive and clones made ahead of demand.

use swell_core::settings::{CloningSettings, MEMORY_MAX};
use swell_forecast::foresight::steps;
use swell_sim::clone::experiment::{CloneExperiment, ORACLE};
use swell_sim::clone::line::CloneResults;
use swell_sim::clone::{page, table};
use swell_sim::failures::Failures;
use swell_sim::near;
use swell_sim::near::experiment::NearExperiment;
use swell_sim::report::figure::{count, whole};
use swell_sim::{half, played};

use crate::cli::clone::{CloneArguments, Mode, Which};
use crate::cli::keepalive::once;
use crate::error::Letter;
use crate::interrupt;
use crate::output::{Form, Output, resolve};
use crate::progress::Progress;
use crate::watch::{about, processors};
use crate::{announced, load, scenario};

/// Nodes that can be played at a time.
const NODES_MAX: usize = 16;

/// Runs `swell sim clone`.
pub fn run(arguments: &CloneArguments) -> Result<(), Letter> {
    if !arguments.nodes.is_empty() {
        return nearby(arguments);
    }
    let outputs = resolve(&arguments.output, &[Form::Table, Form::Json, Form::Csv, Form::Html])?;
    let experiment = experiment(arguments)?;
    let asked = interrupt::listen()?;
    let progress = Progress::start(experiment.planned());
    let results = experiment.run(asked, &|row| {
        progress.step(&format!("{} with {} MB", row.mode, whole(row.memory_mb)));
    })?;
    let rows = &results.rows;
    let calls: u64 = rows.iter().map(|row| row.calls).sum();
    let runs = count(rows.len(), "run");
    progress.finish(&format!("{runs}, {} calls", whole(calls as f64)));
    let written = outputs.iter().map(|output| write(&results, output));
    written.collect::<Result<(), Letter>>()?;
    if rows.len() < experiment.planned() {
        let message = format!("{runs} completed; the results hold only these");
        return Err(Letter::interrupted(message));
    }
    Ok(())
}

/// Several nodes that make clones for each other.
fn nearby(arguments: &CloneArguments) -> Result<(), Letter> {
    let outputs = resolve(&arguments.output, &[Form::Table, Form::Json, Form::Csv])?;
    if arguments.nodes.len() < 2 || arguments.nodes.len() > NODES_MAX {
        let count = arguments.nodes.len();
        return Err(Letter::usage(format!("{count} nodes are not from 2 to {NODES_MAX}"))
            .hint("give each node its share of the memory, as in `--nodes 1,1,2`"));
    }
    let (shares, distance) = (arguments.nodes.clone(), arguments.distance);
    let experiment = NearExperiment { plain: experiment(arguments)?, shares, distance };
    let asked = interrupt::listen()?;
    let progress = Progress::start(experiment.planned());
    let runs = experiment.run(asked, &|rows| {
        progress.step(&format!("{} with {} MB", rows[0].way, whole(rows[0].memory_mb)));
    })?;
    progress.finish(&count(runs.len(), "run"));
    for output in &outputs {
        output.write(|out| match output.form {
            Form::Json => near::table::write_json(&runs, out),
            Form::Csv => near::table::write_csv(&runs, out),
            _ => near::table::write(&runs, distance.millis_f64(), out),
        })?;
    }
    if runs.len() < experiment.planned() {
        let message =
            format!("{} completed; the results hold only these", count(runs.len(), "run"));
        return Err(Letter::interrupted(message));
    }
    Ok(())
}

fn experiment(arguments: &CloneArguments) -> Result<CloneExperiment, Letter> {
    swell_core::catalog::build(&arguments.policy, 0)?;
    swell_core::cloning::catalog::build(&arguments.clone_policy)?;
    if arguments.forecaster != ORACLE {
        steps::check(&arguments.forecaster)?;
    }
    let memories = once(&arguments.memory);
    if let Some(memory) = memories.iter().find(|memory| **memory > MEMORY_MAX) {
        return Err(Letter::usage(format!("`{memory}` is more than any machine has")));
    }
    let usual = CloningSettings::default();
    let cloning = CloningSettings {
        policy: arguments.clone_policy.clone(),
        share: arguments.share.unwrap_or(usual.share),
        probe_every: arguments.probe_every.unwrap_or(usual.probe_every),
        starts_per_second: arguments.starts_per_second.unwrap_or(usual.starts_per_second),
        ..usual
    };
    let whole = load::trace(&arguments.trace, arguments.lenient)?;
    let (trace, functions) = match arguments.functions {
        Which::All => (whole, "all"),
        Which::Even => (half::of(&whole, 0), "even"),
        Which::Odd => (half::of(&whole, 1), "odd"),
    };
    let announced = announced::read(&arguments.beforehand, &trace)?;
    let trace = match arguments.beforehand.played {
        true => played::with(&trace, &announced),
        false => trace,
    };
    let failures =
        Failures { deaths_per_hour: arguments.deaths_per_hour, crashing: arguments.crashing };
    Ok(CloneExperiment {
        failures,
        announced,
        scenario: scenario::scenario(trace, &arguments.cold)?,
        functions,
        modes: once(&arguments.mode).into_iter().map(Mode::cloning).collect(),
        policy: arguments.policy.clone(),
        cloning,
        forecaster: arguments.forecaster.clone(),
        memories,
        placement: arguments.placement,
        durations: arguments.durations,
        seeds: once(&arguments.seeds()),
        threads: arguments.threads.map_or_else(processors, usize::from),
    })
}

fn write(results: &CloneResults, output: &Output) -> Result<(), Letter> {
    output.write(|out| match output.form {
        Form::Table => table::write(results, out),
        Form::Json => table::write_json(results, out),
        Form::Csv => table::write_csv(results, out),
        Form::Html => page::write(results, &about(), out),
    })
}
