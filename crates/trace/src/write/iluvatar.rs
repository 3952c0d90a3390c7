//! Writes the two tables of Iluvatar's load generator.
//!
//! Whole milliseconds and megabytes, as that program reads them: calls are rounded down,
//! so that none leaves its minute, lengths and memory to the nearest. A cold run is the
//! warm run and the measured start, or the longest run where no start was measured. Lost
//! are applications, triggers, and runs that differ from their function's average.

use std::path::{Path, PathBuf};

use crate::error::TraceError;
use crate::output::{Output, beside};
use crate::profile::unique_names;
use crate::reading::Reading;
use crate::table::quoted;
use crate::trace::Trace;

/// Writes a trace as it is under `reading`; answers the files.
pub fn write(trace: &Trace, reading: &Reading, target: &Path) -> Result<Vec<PathBuf>, TraceError> {
    let names: Vec<String> =
        unique_names(trace.functions()).iter().map(|name| quoted(name)).collect();
    let mut functions = Output::create(&beside(target, ".functions.csv"))?;
    functions.line("func_name,cold_dur_ms,warm_dur_ms,mem_mb")?;
    for (function, name) in trace.functions().iter().zip(&names) {
        let cold = match function.cold {
            Some(start) => function.warm + start,
            None => function.longest.unwrap_or(function.warm).max(function.warm),
        };
        functions.line(&format!(
            "{name},{:.0},{:.0},{:.0}",
            // Formatting alone would round halves to even.
            cold.millis_f64().round(),
            function.warm.millis_f64().round(),
            function.memory.mb_f64().round()
        ))?;
    }
    let mut calls = Output::create(&beside(target, ".invocations.csv"))?;
    calls.line("func_name,invoke_time_ms")?;
    let mut stream = trace.arrivals(reading)?;
    let mut chunk = Vec::new();
    loop {
        stream.fill(&mut chunk)?;
        if chunk.is_empty() {
            return Ok(vec![functions.finish()?, calls.finish()?]);
        }
        for call in &chunk {
            let millis = call.at.nanos() / 1_000_000;
            calls.line(&format!("{},{millis}", names[call.function.index()]))?;
        }
    }
}
