//! Runs an experiment while a person watches, and may stop it.

use std::num::NonZero;
use std::thread::available_parallelism;

use swell_core::units::Bytes;
use swell_sim::experiment::{Ear, Experiment};
use swell_sim::report::figure::{count, whole};
use swell_sim::report::html::shell::About;
use swell_sim::results::Results;

use crate::error::Letter;
use crate::interrupt;
use crate::progress::Progress;

/// Runs the experiment with a display of how far it is; Ctrl-C ends it early.
pub fn run_watched(experiment: &Experiment) -> Result<Results, Letter> {
    run(experiment, None)
}

/// The same for a single run, all of whose decisions are told to `ear`.
pub fn run_recorded(experiment: &Experiment, ear: Ear<'_>) -> Result<Results, Letter> {
    run(experiment, Some(ear))
}

fn run(experiment: &Experiment, ear: Option<Ear<'_>>) -> Result<Results, Letter> {
    let asked = interrupt::listen()?;
    let progress = Progress::start(experiment.planned());
    let results = experiment.run_into(ear, asked, &|step| {
        let about = step
            .row
            .map(|row| format!("{} with {}", row.policy, Bytes::from_mb_f64(row.memory_mb)));
        progress.step(&about.unwrap_or_else(|| "what is possible".to_string()));
    })?;
    let calls: u64 = results.rows.iter().map(|row| row.calls).sum();
    progress.finish(&format!(
        "{}, {} calls",
        count(results.rows.len(), "run"),
        whole(calls as f64)
    ));
    Ok(results)
}

/// One worker per processor.
pub fn processors() -> usize {
    available_parallelism().map_or(1, NonZero::get)
}

/// The command as it was typed, for the page.
pub fn about() -> About {
    let words = std::env::args().skip(1).map(|word| match word.contains([' ', '"', '\'']) {
        true => format!("{word:?}"),
        false => word,
    });
    let command = format!("swell {}", words.collect::<Vec<_>>().join(" "));
    About { command, version: format!("swell {}", env!("CARGO_PKG_VERSION")) }
}
