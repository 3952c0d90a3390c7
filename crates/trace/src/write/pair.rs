//! Writes the pair `*.functions.csv` and `*.invocations.csv`.
//!
//! Exact to the nanosecond in time and to the byte in memory. Lost are applications,
//! triggers, measured starts, and runs that differ from their function's average;
//! `cold_ms` is the longest run, the average where that is unknown.

use std::path::{Path, PathBuf};

use crate::error::TraceError;
use crate::number::decimal;
use crate::output::{Output, beside};
use crate::reading::Reading;
use crate::table::quoted;
use crate::trace::Trace;

/// Writes a trace as it is under `reading`; answers the files.
pub fn write(trace: &Trace, reading: &Reading, target: &Path) -> Result<Vec<PathBuf>, TraceError> {
    let mut functions = Output::create(&beside(target, ".functions.csv"))?;
    functions.line("fn,hash,mem_mb,cold_ms,warm_ms")?;
    for (id, function) in trace.functions().iter().enumerate() {
        let longest = function.longest.unwrap_or(function.warm);
        functions.line(&format!(
            "{id},{},{},{},{}",
            quoted(&function.name),
            decimal(function.memory.get(), 6),
            decimal(longest.nanos(), 6),
            decimal(function.warm.nanos(), 6),
        ))?;
    }
    let mut calls = Output::create(&beside(target, ".invocations.csv"))?;
    calls.line("t_ms,fn")?;
    let mut stream = trace.arrivals(reading)?;
    let mut chunk = Vec::new();
    loop {
        stream.fill(&mut chunk)?;
        if chunk.is_empty() {
            return Ok(vec![functions.finish()?, calls.finish()?]);
        }
        for call in &chunk {
            calls.line(&format!("{},{}", decimal(call.at.nanos(), 6), call.function.0))?;
        }
    }
}
