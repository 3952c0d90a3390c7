//! Compares keep-alive policies on a trace.

use swell_core::units::Bytes;
use swell_sim::experiment::Experiment;
use swell_sim::report::figure::count;
use swell_sim::report::html::page;
use swell_sim::report::{csv, json, table};
use swell_sim::results::Results;
use swell_trace::trace::Trace;

use crate::cli::keepalive::{KeepAliveArguments, once};
use crate::error::Letter;
use crate::output::{Form, Output, resolve};
use crate::say::say;
use crate::watch::{about, processors, run_watched};
use crate::{load, scenario, specification};

/// Seeds where none are asked for: few, but enough for an interval.
const SEEDS: u32 = 3;

/// Runs `swell sim keepalive`.
pub fn run(arguments: &KeepAliveArguments) -> Result<(), Letter> {
    let outputs = resolve(&arguments.output, &[Form::Table, Form::Json, Form::Csv, Form::Html])?;
    let policies = specification::policies(&arguments.policy)?;
    let trace = load::trace(&arguments.trace, arguments.lenient)?;
    let memories = arguments.memories();
    warn_of_large_functions(&trace, &memories);
    let experiment = Experiment {
        scenario: scenario::scenario(trace, &arguments.cold)?,
        policies,
        memories,
        placements: once(&arguments.placement),
        durations: arguments.durations,
        seeds: arguments.seeds(SEEDS),
        threads: arguments.threads.map_or_else(processors, usize::from),
        bounds: !arguments.no_bound,
        timing: arguments.timing,
    };
    let results = run_watched(&experiment)?;
    // One that fails does not take the others with it.
    let written: Vec<_> = outputs.iter().map(|output| write(&results, output)).collect();
    written.into_iter().collect::<Result<(), Letter>>()?;
    if results.interrupted {
        let done = count(results.rows.len(), "run");
        return Err(Letter::interrupted(format!("{done} completed; the results hold only these")));
    }
    Ok(())
}

fn warn_of_large_functions(trace: &Trace, memories: &[Bytes]) {
    for memory in memories {
        let larger = trace.functions().iter().filter(|function| function.memory > *memory).count();
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
