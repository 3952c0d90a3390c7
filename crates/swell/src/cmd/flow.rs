//! Compares rules about who owns FIFOs.

use swell_core::time::Span;
use swell_sim::flow::play::{Rule, play};
use swell_sim::flow::scenario::Scenario;
use swell_sim::flow::table::{self, Line};

use crate::cli::flow::FlowArguments;
use crate::error::Letter;
use crate::output::{Form, resolve};

/// Longer than any pause that anybody would put up with.
const PAUSE_MAX: Span = Span::from_secs(10);

/// Runs `swell sim flow`.
pub fn run(arguments: &FlowArguments) -> Result<(), Letter> {
    let outputs = resolve(&arguments.output, &[Form::Table, Form::Json, Form::Csv])?;
    if let Some(pause) = arguments.pause.iter().find(|pause| **pause > PAUSE_MAX) {
        return Err(Letter::usage(format!(
            "a pause of {pause} is more than the {PAUSE_MAX} allowed"
        ))
        .hint("a change of hands on one node takes well under 1ms"));
    }
    let lines: Vec<Line> = arguments
        .pause
        .iter()
        .flat_map(|pause| Rule::ALL.map(|rule| line(pause.millis_f64(), rule, arguments.seeds)))
        .collect();
    let written = outputs.iter().map(|output| {
        output.write(|out| match output.form {
            Form::Json => table::write_json(&lines, out),
            Form::Csv => table::write_csv(&lines, out),
            Form::Table | Form::Html => table::write(&lines, out),
        })
    });
    written.collect()
}

fn line(pause_ms: f64, rule: Rule, seeds: u32) -> Line {
    let outcomes = (1..=u64::from(seeds)).map(|seed| play(&Scenario::hour(seed, pause_ms), rule));
    Line { pause_ms, rule, outcomes: outcomes.collect() }
}
