//! Writes every call with its end and length, as Azure 2021 does, and memory beside it.
//!
//! Exact to the nanosecond, in the order of starts (the original is in the order of
//! ends). Functions that are never called have no row and are lost; so are triggers and
//! starts. Averages become those of the written calls. A function without an application
//! is written as its own.

use std::path::{Path, PathBuf};

use crate::error::TraceError;
use crate::number::decimal;
use crate::output::{Output, beside};
use crate::profile::app_and_name;
use crate::reading::Reading;
use crate::trace::Trace;

/// Writes a trace as it is under `reading`; answers the files.
pub fn write(trace: &Trace, reading: &Reading, target: &Path) -> Result<Vec<PathBuf>, TraceError> {
    let keys = app_and_name(trace.functions());
    let mut memory = Output::create(&beside(target, ".memory.csv"))?;
    memory.line("HashApp,HashFunction,AverageAllocatedMb")?;
    for (function, key) in trace.functions().iter().zip(&keys) {
        memory.line(&format!("{key},{}", decimal(function.memory.get(), 6)))?;
    }
    let mut calls = Output::create(&beside(target, ".csv"))?;
    calls.line("app,func,end_timestamp,duration")?;
    let mut stream = trace.arrivals(reading)?;
    let mut chunk = Vec::new();
    loop {
        stream.fill(&mut chunk)?;
        if chunk.is_empty() {
            return Ok(vec![calls.finish()?, memory.finish()?]);
        }
        for call in &chunk {
            let (end, run) = ((call.at + call.run).nanos(), call.run.nanos());
            let key = &keys[call.function.index()];
            calls.line(&format!("{key},{},{}", decimal(end, 9), decimal(run, 9)))?;
        }
    }
}
