//! Writes JSON lines.
//!
//! Keeps everything a trace tells but quantiles, and every call's own length. Times are
//! exact to the nanosecond for the first hundred days. A generated trace begins with its
//! recipe as a comment.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::value::RawValue;

use crate::error::TraceError;
use crate::number::decimal;
use crate::output::{Output, beside};
use crate::profile::unique_names;
use crate::reading::Reading;
use crate::trace::Trace;

#[derive(Serialize)]
struct Comment<'a> {
    comment: &'a RawValue,
}

#[derive(Serialize)]
struct Line<'a> {
    function: Declared<'a>,
}

#[derive(Serialize)]
struct Declared<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    app: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trigger: Option<&'a str>,
    memory_mb: f64,
    warm_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    longest_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cold_ms: Option<f64>,
}

/// Writes a trace as it is under `reading`; answers the file.
pub fn write(trace: &Trace, reading: &Reading, target: &Path) -> Result<Vec<PathBuf>, TraceError> {
    let mut output = Output::create(&beside(target, ".jsonl"))?;
    if let Some(recipe) = trace.recipe() {
        let comment = RawValue::from_string(recipe.to_string()).map_err(unwritable)?;
        output.line(&serde_json::to_string(&Comment { comment: &comment }).map_err(unwritable)?)?;
    }
    let names = unique_names(trace.functions());
    for (function, name) in trace.functions().iter().zip(&names) {
        let function = Declared {
            name,
            app: function.app.as_deref(),
            trigger: function.trigger.as_deref(),
            memory_mb: function.memory.mb_f64(),
            warm_ms: function.warm.millis_f64(),
            longest_ms: function.longest.map(|span| span.millis_f64()),
            cold_ms: function.cold.map(|span| span.millis_f64()),
        };
        output.line(&serde_json::to_string(&Line { function }).map_err(unwritable)?)?;
    }
    let mut quoted = Vec::with_capacity(names.len());
    for name in &names {
        quoted.push(serde_json::to_string(name).map_err(unwritable)?);
    }
    let mut stream = trace.arrivals(reading)?;
    let mut chunk = Vec::new();
    loop {
        stream.fill(&mut chunk)?;
        if chunk.is_empty() {
            return Ok(vec![output.finish()?]);
        }
        for call in &chunk {
            let (at, name) = (decimal(call.at.nanos(), 6), &quoted[call.function.index()]);
            let run = decimal(call.run.nanos(), 6);
            output.line(&format!("{{\"at_ms\":{at},\"name\":{name},\"run_ms\":{run}}}"))?;
        }
    }
}

fn unwritable(error: serde_json::Error) -> TraceError {
    TraceError::Format(format!("cannot put the trace into JSON: {error}"))
}
