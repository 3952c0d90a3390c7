//! Compares strategies of caching on a network.

use swell_sim::cache::experiment::{Experiment, Results};
use swell_sim::cache::mecomm17;
use swell_sim::cache::report::{csv, json, page, table};
use swell_sim::cache::run_error::RunError;
use swell_sim::report::figure::{count, whole};

use crate::cache_cases::cases;
use crate::cli::cache::{CacheArguments, Preset};
use crate::cli::keepalive::once;
use crate::error::Letter;
use crate::interrupt;
use crate::output::{Form, Output, resolve};
use crate::progress::Progress;
use crate::watch::{about, processors};

/// Runs `swell sim cache`.
pub fn run(arguments: &CacheArguments) -> Result<(), Letter> {
    let outputs = resolve(&arguments.output, &[Form::Table, Form::Json, Form::Csv, Form::Html])?;
    let cases = match arguments.preset {
        Some(Preset::Mecomm17) => mecomm17::cases(&seeds(arguments, mecomm17::REPETITIONS)),
        None => cases(arguments, &seeds(arguments, 1))?,
    };
    let experiment = Experiment {
        cases,
        threads: arguments.threads.map_or_else(processors, usize::from),
        timing: !arguments.no_timing,
    };
    let mut results = watch(&experiment)?;
    if arguments.preset.is_some() {
        results.published = mecomm17::compare(&results.rows);
    }
    // One that fails does not take the others with it.
    let written: Vec<_> = outputs.iter().map(|output| write(&results, output)).collect();
    written.into_iter().collect::<Result<(), Letter>>()?;
    if results.interrupted {
        let done = count(results.rows.len(), "run");
        let message = format!("{done} completed; the results hold only these");
        return Err(Letter::interrupted(message));
    }
    Ok(())
}

fn seeds(arguments: &CacheArguments, default: u32) -> Vec<u64> {
    if arguments.seed.is_empty() {
        return (1..=u64::from(arguments.seeds.unwrap_or(default))).collect();
    }
    once(&arguments.seed)
}

fn watch(experiment: &Experiment) -> Result<Results, Letter> {
    let asked = interrupt::listen()?;
    let progress = Progress::start(experiment.cases.len());
    let results = experiment
        .run(asked, &|row| {
            progress.step(&format!("{} {}, seed {}", row.strategy, row.replacement, row.seed));
        })
        .map_err(|error| match error {
            RunError::Interrupted => Letter::interrupted("nothing was completed"),
            RunError::Apart(_) => Letter::failed(error.to_string()),
        })?;
    let requests: u64 = results.rows.iter().map(|row| row.warmup + row.requests).sum();
    let (runs, requests) = (count(results.rows.len(), "run"), whole(requests as f64));
    progress.finish(&format!("{runs}, {requests} requests"));
    Ok(results)
}

fn write(results: &Results, output: &Output) -> Result<(), Letter> {
    output.write(|out| match output.form {
        Form::Table => table::write(results, out),
        Form::Json => json::write(results, out),
        Form::Csv => csv::write(results, out),
        Form::Html => page::write(results, &about(), out),
    })
}
