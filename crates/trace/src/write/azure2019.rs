//! Writes counts per minute, durations and memory, as Azure 2019 does: `*_inv.csv`,
//! `*_run.csv`, `*_mem.csv`, in the layout of invitro, with memory per function.
//!
//! A trace longer than a day becomes one file of counts per day (`*_inv.d01.csv`, ...),
//! which the reader joins again. Lost is where in its minute a call was, and its own
//! length; averages, longest runs, quantiles and memory are kept, to the nanosecond and
//! the byte. Counts are kept in memory by minute, a byte or two each, and written a row
//! of a day at a time.

use std::path::{Path, PathBuf};

use swell_core::ids::FunctionId;

use crate::counts::{COUNT_MAX, Count, Counts, CountsBuilder};
use crate::durations::PERCENTS;
use crate::error::TraceError;
use crate::number::decimal;
use crate::output::{Output, beside};
use crate::placement::MINUTE_NANOS;
use crate::profile::app_and_name;
use crate::reading::Reading;
use crate::trace::Trace;

/// Minutes per file of counts.
const DAY: usize = 1440;

/// Minutes in a year.
const MINUTES_MAX: usize = 366 * DAY;

/// Functions whose rows of one day are laid out at once: some 12 MB.
const ROWS: usize = 2048;

/// Writes a trace as it is under `reading`; answers the files.
pub fn write(trace: &Trace, reading: &Reading, target: &Path) -> Result<Vec<PathBuf>, TraceError> {
    let (counts, totals) = count(trace, reading)?;
    let keys = app_and_name(trace.functions());
    let mut files = Vec::new();
    let days = counts.minutes().div_ceil(DAY).max(1);
    for day in 0..days {
        let ending = match days {
            1 => "_inv.csv".to_string(),
            _ => format!("_inv.d{:02}.csv", day + 1),
        };
        let output = Output::create(&beside(target, &ending))?;
        files.push(write_day(output, trace, &keys, &counts, day)?);
    }
    files.push(write_runs(trace, &keys, &totals, target)?);
    let mut memory = Output::create(&beside(target, "_mem.csv"))?;
    memory.line("HashOwner,HashApp,HashFunction,SampleCount,AverageAllocatedMb")?;
    for (function, key) in trace.functions().iter().zip(&keys) {
        memory.line(&format!("owner,{key},1,{}", decimal(function.memory.get(), 6)))?;
    }
    files.push(memory.finish()?);
    Ok(files)
}

/// Counts the calls of each minute and each function.
fn count(trace: &Trace, reading: &Reading) -> Result<(Counts, Vec<u64>), TraceError> {
    let functions = trace.functions().len();
    let minutes = trace.span().nanos().div_ceil(MINUTE_NANOS) as usize;
    if minutes > MINUTES_MAX {
        return Err(TraceError::Format(format!(
            "the trace is {} long; counts per minute are written for a year at most",
            trace.span()
        )));
    }
    let mut builder = CountsBuilder::default();
    let mut totals = vec![0u64; functions];
    let mut in_minute = vec![0u64; functions];
    let mut stream = trace.arrivals(reading)?;
    let (mut chunk, mut next) = (Vec::new(), 0);
    for minute in 0..minutes {
        let end = (minute as u64 + 1) * MINUTE_NANOS;
        loop {
            if next == chunk.len() {
                stream.fill(&mut chunk)?;
                next = 0;
            }
            match chunk.get(next) {
                Some(call) if call.at.nanos() < end => in_minute[call.function.index()] += 1,
                _ => break,
            }
            next += 1;
        }
        builder.begin(1);
        for (function, calls) in in_minute.iter_mut().enumerate().filter(|(_, calls)| **calls > 0) {
            if *calls > COUNT_MAX {
                return Err(TraceError::Format(format!(
                    "function `{}` has {calls} calls in one minute; the format holds {COUNT_MAX}",
                    trace.functions()[function].name
                )));
            }
            builder.add(0, function as u32, *calls as u32)?;
            totals[function] += *calls;
            *calls = 0;
        }
    }
    Ok((builder.finish(), totals))
}

fn write_day(
    mut output: Output,
    trace: &Trace,
    keys: &[String],
    counts: &Counts,
    day: usize,
) -> Result<PathBuf, TraceError> {
    let minutes = day * DAY..counts.minutes().min((day + 1) * DAY);
    let mut header = "HashOwner,HashApp,HashFunction,Trigger".to_string();
    for minute in 1..=minutes.len().max(1) {
        header += &format!(",{minute}");
    }
    output.line(&header)?;
    let mut rows = vec![0u32; ROWS * minutes.len()];
    let mut minute_counts: Vec<Count> = Vec::new();
    for first in (0..keys.len()).step_by(ROWS) {
        let block = first..keys.len().min(first + ROWS);
        rows.fill(0);
        for (column, minute) in minutes.clone().enumerate() {
            counts.minute(minute, &mut minute_counts);
            for count in &minute_counts {
                if block.contains(&(count.function as usize)) {
                    let row = count.function as usize - first;
                    rows[row * minutes.len() + column] = count.calls;
                }
            }
        }
        for function in block {
            let trigger = trace.functions()[function].trigger.as_deref().unwrap_or("others");
            let mut line = format!("owner,{},{}", keys[function], crate::table::quoted(trigger));
            let row = (function - first) * minutes.len();
            for calls in &rows[row..row + minutes.len()] {
                line.push(',');
                line += &calls.to_string();
            }
            if minutes.is_empty() {
                line += ",0";
            }
            output.line(&line)?;
        }
    }
    output.finish()
}

fn write_runs(
    trace: &Trace,
    keys: &[String],
    totals: &[u64],
    target: &Path,
) -> Result<PathBuf, TraceError> {
    let mut output = Output::create(&beside(target, "_run.csv"))?;
    let mut header = "HashOwner,HashApp,HashFunction,Average,Count,Minimum,Maximum".to_string();
    for percent in PERCENTS {
        header += &format!(",percentile_Average_{percent}");
    }
    output.line(&header)?;
    for (id, function) in trace.functions().iter().enumerate() {
        let points = trace.run_quantiles(FunctionId(id as u32)).map(|runs| runs.points());
        let least = points.map(|points| decimal(points[0].nanos(), 6)).unwrap_or_default();
        let longest = function.longest.map(|span| decimal(span.nanos(), 6)).unwrap_or_default();
        let warm = decimal(function.warm.nanos(), 6);
        let mut line = format!("owner,{},{warm},{},{least},{longest}", keys[id], totals[id]);
        for index in 0..PERCENTS.len() {
            line.push(',');
            if let Some(points) = points {
                line += &decimal(points[index].nanos(), 6);
            }
        }
        output.line(&line)?;
    }
    output.finish()
}
