//! Compares rules about who owns FIFOs.

use std::fs::File;
use std::path::Path;

use swell_core::time::Span;
use swell_sim::flow::play::play;
use swell_sim::flow::rule::Rule;
use swell_sim::flow::scenario::Scenario;
use swell_sim::flow::stage::{Stage, TICK};
use swell_sim::flow::table::{self, Line};
use swell_sim::flow::{page, recording};

use crate::cli::flow::FlowArguments;
use crate::error::Letter;
use crate::output::{Form, resolve};
use crate::watch::about;

/// Longer than any pause that anybody would put up with.
const PAUSE_MAX: Span = Span::from_secs(10);

/// Runs `swell sim flow`.
pub fn run(arguments: &FlowArguments) -> Result<(), Letter> {
    let forms = [Form::Table, Form::Json, Form::Csv, Form::Html];
    let outputs = resolve(&arguments.output, &forms)?;
    if let Some(pause) = arguments.pause.iter().find(|pause| **pause > PAUSE_MAX) {
        return Err(Letter::usage(format!(
            "a pause of {pause} is more than the {PAUSE_MAX} allowed"
        ))
        .hint("a change of hands on one node takes well under 1ms"));
    }
    let rules = rules(&arguments.policy)?;
    let recorded = arguments.recording.as_deref().map(read).transpose()?;
    let stage = |seed, pause_ms| match &recorded {
        Some(stage) => Stage { seed, pause_ms, ..stage.clone() },
        None => Scenario::hour(seed, pause_ms).stage(),
    };
    let mut lines = Vec::new();
    for pause in &arguments.pause {
        let pause_ms = pause.millis_f64();
        let stages: Vec<Stage> =
            (1..=u64::from(arguments.seeds)).map(|seed| stage(seed, pause_ms)).collect();
        lines.extend(rules.iter().map(|rule| {
            let outcomes = stages.iter().map(|stage| play(stage, rule, arguments.bound));
            Line { pause_ms, rule: rule.clone(), outcomes: outcomes.collect() }
        }));
    }
    let what = what(recorded.as_ref(), arguments.recording.as_deref());
    let written = outputs.iter().map(|output| {
        output.write(|out| match output.form {
            Form::Json => table::write_json(&lines, out),
            Form::Csv => table::write_csv(&lines, out),
            Form::Html => page::write((what.as_str(), arguments.bound), &lines, &about(), out),
            Form::Table => table::write(&lines, out),
        })
    });
    written.collect()
}

fn rules(names: &[String]) -> Result<Vec<Rule>, Letter> {
    if names.is_empty() {
        return Ok(Rule::usual());
    }
    let parse = |name: &String| {
        Rule::parse(name).map_err(|error| {
            Letter::usage(error.to_string())
                .hint("besides `never`, rules are those of the setting `flow.policy`")
        })
    };
    names.iter().map(parse).collect()
}

fn read(path: &Path) -> Result<Stage, Letter> {
    let shown = path.display();
    let file = File::open(path)
        .map_err(|error| Letter::usage(format!("cannot read the recording `{shown}`: {error}")))?;
    recording::read(file, 1, 0.0)
        .map_err(|error| Letter::usage(format!("cannot play the recording `{shown}`: {error}")))
}

fn what(recorded: Option<&Stage>, path: Option<&Path>) -> String {
    match (recorded, path) {
        (Some(stage), Some(path)) => format!(
            "`{}`: {} flows and {} owners for {:.0} s",
            path.display(),
            stage.fifos.len(),
            stage.owners.len(),
            stage.ticks as f64 * TICK
        ),
        _ => "an hour of 12 FIFOs on 4 owners whose own load drifts".to_string(),
    }
}
