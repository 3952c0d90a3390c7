//! Compares keep-alive policies on a trace.

use std::path::Path;
use std::sync::Mutex;

use swell_core::settings::{FunctionSettings, MEMORY_MAX};
use swell_core::units::Bytes;
use swell_sim::experiment::Experiment;
use swell_sim::report::figure::count;
use swell_sim::report::html::page;
use swell_sim::report::{csv, json, table};
use swell_sim::results::Results;
use swell_sim::simulate::Scenario;

use crate::cli::keepalive::{KeepAliveArguments, once};
use crate::error::Letter;
use crate::output::{Form, Output, check, resolve};
use crate::say::say;
use crate::watch::{about, processors, run_recorded, run_watched};
use crate::{load, overrides, recording, scenario, specification};

/// Seeds where none are asked for: few, but enough for an interval.
const SEEDS: u32 = 3;

/// Runs `swell sim keepalive`.
pub fn run(arguments: &KeepAliveArguments) -> Result<(), Letter> {
    let outputs = resolve(&arguments.output, &[Form::Table, Form::Json, Form::Csv, Form::Html])?;
    let policies = specification::policies(&arguments.policy)?;
    let (memories, placements) = (memories(arguments)?, once(&arguments.placement));
    let seeds = arguments.seeds(SEEDS);
    if let Some(path) = &arguments.journal {
        one_run(&policies, &memories, placements.len(), &seeds)?;
        check(path)?;
        if outputs.iter().any(|output| output.path.as_ref() == Some(path)) {
            let path = path.display();
            return Err(Letter::usage(format!("`{path}` is to hold the journal and the results"))
                .hint("give them different names"));
        }
    }
    let scenario = scenario(arguments)?;
    warn_of_large_functions(&scenario.functions, &memories);
    let experiment = Experiment {
        bounds: bounds(arguments, &scenario),
        scenario,
        policies,
        memories,
        placements,
        durations: arguments.durations,
        seeds,
        threads: arguments.threads.map_or_else(processors, usize::from),
        timing: arguments.timing,
    };
    let (results, journal) = match &arguments.journal {
        None => (run_watched(&experiment)?, Ok(())),
        Some(path) => record(&experiment, path)?,
    };
    // One that fails does not take the others with it.
    let mut written: Vec<_> = outputs.iter().map(|output| write(&results, output)).collect();
    written.push(journal);
    written.into_iter().collect::<Result<(), Letter>>()?;
    if results.interrupted {
        let done = count(results.rows.len(), "run");
        let kept = match arguments.journal {
            Some(_) => ", and the journal what was decided until then",
            None => "",
        };
        let message = format!("{done} completed; the results hold only these{kept}");
        return Err(Letter::interrupted(message));
    }
    Ok(())
}

fn memories(arguments: &KeepAliveArguments) -> Result<Vec<Bytes>, Letter> {
    let memories = arguments.memories();
    match memories.iter().find(|memory| **memory > MEMORY_MAX) {
        Some(memory) => Err(Letter::usage(format!("`{memory}` is more than any machine has"))),
        None => Ok(memories),
    }
}

fn scenario(arguments: &KeepAliveArguments) -> Result<Scenario, Letter> {
    let trace = load::trace(&arguments.trace, arguments.lenient)?;
    let mut scenario = scenario::scenario(trace, &arguments.cold)?;
    scenario.resume = arguments.resume;
    overrides::apply(&arguments.function, &mut scenario)?;
    Ok(scenario)
}

fn bounds(arguments: &KeepAliveArguments, scenario: &Scenario) -> bool {
    let possible = overrides::have_bounds(&scenario.functions);
    if !possible && !arguments.no_bound {
        say("note: what is possible at best is not computed where functions pause or serve \
             several requests at a time");
    }
    possible && !arguments.no_bound
}

/// Refuses a journal of several runs.
fn one_run(
    policies: &[String],
    memories: &[Bytes],
    placements: usize,
    seeds: &[u64],
) -> Result<(), Letter> {
    for (number, what, one) in [
        (policies.len(), "policies", format!("--policy {}", policies[0])),
        (memories.len(), "memory sizes", format!("--memory {}", memories[0])),
        (placements, "placements", "--placement uniform".to_string()),
        (seeds.len(), "seeds", format!("--seed {}", seeds[0])),
    ] {
        if number > 1 {
            return Err(Letter::usage(format!(
                "a journal holds one run, and this asks for {number} {what}"
            ))
            .hint(format!("choose one, such as `{one}`")));
        }
    }
    Ok(())
}

/// Runs the one run of the experiment, with its journal in a file. What becomes of the
/// journal is told apart: the results are there in any case.
fn record(experiment: &Experiment, path: &Path) -> Result<(Results, Result<(), Letter>), Letter> {
    let case = experiment.cases().into_iter().next().expect("there is exactly one");
    let ear = Mutex::new(recording::create(path, case.settings())?);
    let results = run_recorded(experiment, &ear)?;
    let recording = ear.into_inner().expect("no worker panics while it holds the journal");
    Ok((results, recording::finish(path, recording)))
}

fn warn_of_large_functions(functions: &[FunctionSettings], memories: &[Bytes]) {
    for memory in memories {
        let larger = functions.iter().filter(|function| function.memory > *memory).count();
        if larger > 0 {
            let functions = count(larger, "function");
            say(format!(
                "note: {functions} need more than {memory} each; all their calls will be dropped"
            ));
        }
    }
}

fn write(results: &Results, output: &Output) -> Result<(), Letter> {
    output.write(|out| match output.form {
        Form::Table => table::write(results, out),
        Form::Json => json::write(results, out),
        Form::Csv => csv::write(results, out),
        Form::Html => page::write(results, &about(), out),
    })
}
