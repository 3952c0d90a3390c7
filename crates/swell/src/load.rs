//! Opening the trace that was asked for, and saying what was odd about it.

use swell_trace::error::TraceError;
use swell_trace::open::Options;
use swell_trace::trace::Trace;

use crate::error::Letter;
use crate::say::say;

/// Oddities shown in full.
const EXAMPLES: usize = 3;

/// Opens a bundled trace by name, files, or a recipe; oddities go to the standard error.
pub fn trace(words: &[String], lenient: bool) -> Result<Trace, Letter> {
    let options = Options { lenient, ..Options::default() };
    let trace = Trace::named_or_open(words, &options).map_err(|error| match error {
        TraceError::Format(message) => Letter::usage(message),
        error => Letter::from(error),
    })?;
    for line in problems(&trace) {
        say(format!("note: {line}"));
    }
    Ok(trace)
}

/// What was skipped or filled in, a line each.
fn problems(trace: &Trace) -> Vec<String> {
    let problems = trace.problems();
    let mut lines = Vec::new();
    if problems.skipped_rows > 0 {
        lines.push(format!("{} broken rows were skipped", problems.skipped_rows));
    }
    if problems.memory_missing > 0 {
        lines.push(format!(
            "{} functions have no memory in the trace; a default was set",
            problems.memory_missing
        ));
    }
    if problems.duration_missing > 0 {
        lines.push(format!(
            "{} functions have no run time in the trace; a default was set",
            problems.duration_missing
        ));
    }
    lines.extend(problems.messages.iter().take(EXAMPLES).map(|message| format!("  {message}")));
    if problems.messages.len() > EXAMPLES {
        lines.push("  ...".to_string());
    }
    lines
}
