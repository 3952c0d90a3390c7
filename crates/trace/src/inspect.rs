//! What is in a trace?
//!
//! The numbers that tell one trace from another, found in one pass: how many calls, how
//! unequal the functions, how much memory. Memory of the pass grows with functions and,
//! where asked for, with the calls that run at once.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use serde::Serialize;
use swell_core::time::{Instant, Span};
use swell_core::units::Bytes;

use crate::arrival::Arrival;
use crate::error::TraceError;
use crate::placement::MINUTE_NANOS;
use crate::problems::Problems;
use crate::reading::Reading;
use crate::trace::Trace;

/// A distribution in five numbers, in the unit its field names.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Spread {
    /// The least.
    pub min: f64,
    /// Half are below.
    pub p50: f64,
    /// Nine of ten are below.
    pub p90: f64,
    /// 99 of a hundred are below.
    pub p99: f64,
    /// The greatest.
    pub max: f64,
}

/// What is in a trace.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inspection {
    /// The trace's name.
    pub name: String,
    /// Functions, called or not.
    pub functions: usize,
    /// Functions never called.
    pub functions_never_called: usize,
    /// Functions called exactly once: always cold without a forecast.
    pub functions_called_once: usize,
    /// Calls.
    pub calls: u64,
    /// Length of the trace in seconds.
    pub span_s: f64,
    /// Calls per minute over the whole trace.
    pub calls_per_minute_mean: f64,
    /// Calls in the busiest minute.
    pub calls_per_minute_max: u64,
    /// Calls of a function.
    pub calls_per_function: Spread,
    /// Part of all calls that go to the busiest hundredth of the functions, from 0 to 1.
    pub share_of_busiest_1_percent: f64,
    /// Part of all calls that go to the busiest tenth of the functions, from 0 to 1.
    pub share_of_busiest_10_percent: f64,
    /// Memory of one instance of every function, in megabytes.
    pub memory_mb_sum: f64,
    /// Memory of one instance, in megabytes.
    pub memory_mb: Spread,
    /// Length of a call in milliseconds; all but the extremes within two percent.
    pub run_ms: Spread,
    /// Most memory of instances that run at once if every start were warm, in megabytes;
    /// what no memory below can serve without waiting.
    pub busy_mb_max: Option<f64>,
    /// What was skipped or filled in.
    pub problems: Problems,
}

impl Trace {
    /// Reads the whole trace once and says what is in it; `busy` asks for the memory of
    /// calls that run at once as well.
    pub fn inspect(&self, reading: &Reading, busy: bool) -> Result<Inspection, TraceError> {
        let functions = self.functions();
        let mut calls = vec![0u64; functions.len()];
        let mut minutes = Minutes::default();
        let mut runs = Histogram::default();
        let mut load = busy.then(Load::default);
        let mut stream = self.arrivals(reading)?;
        let mut chunk = Vec::new();
        loop {
            stream.fill(&mut chunk)?;
            if chunk.is_empty() {
                break;
            }
            for call in &chunk {
                calls[call.function.index()] += 1;
                minutes.see(call.at);
                runs.see(call.run);
                if let Some(load) = &mut load {
                    load.see(call, functions[call.function.index()].memory);
                }
            }
        }
        calls.sort_unstable();
        let mut memory: Vec<u64> = functions.iter().map(|f| f.memory.get()).collect();
        memory.sort_unstable();
        let total: u64 = calls.iter().sum();
        let span_s = self.span().secs_f64();
        Ok(Inspection {
            name: self.name().to_string(),
            functions: functions.len(),
            functions_never_called: calls.partition_point(|&calls| calls == 0),
            functions_called_once: calls.iter().filter(|&&calls| calls == 1).count(),
            calls: total,
            span_s,
            calls_per_minute_mean: if span_s > 0.0 { total as f64 * 60.0 / span_s } else { 0.0 },
            calls_per_minute_max: minutes.greatest,
            calls_per_function: spread(&calls, 1.0),
            share_of_busiest_1_percent: share_of_busiest(&calls, 0.01),
            share_of_busiest_10_percent: share_of_busiest(&calls, 0.1),
            memory_mb_sum: memory.iter().map(|&bytes| bytes as f64 / 1e6).sum(),
            memory_mb: spread(&memory, 1e-6),
            run_ms: runs.spread(),
            busy_mb_max: load.map(|load| load.greatest.mb_f64()),
            problems: self.problems().clone(),
        })
    }
}

/// Quantiles of sorted numbers: the smallest that so many do not exceed.
fn spread(sorted: &[u64], unit: f64) -> Spread {
    let Some(&max) = sorted.last() else { return Spread::default() };
    let at = |share: f64| {
        let rank = (sorted.len() as f64 * share).ceil() as usize;
        sorted[rank.clamp(1, sorted.len()) - 1] as f64 * unit
    };
    Spread { min: at(0.0), p50: at(0.5), p90: at(0.9), p99: at(0.99), max: max as f64 * unit }
}

fn share_of_busiest(sorted: &[u64], part: f64) -> f64 {
    let count = (sorted.len() as f64 * part).ceil() as usize;
    let total: u64 = sorted.iter().sum();
    let busiest: u64 = sorted.iter().rev().take(count).sum();
    if total == 0 { 0.0 } else { busiest as f64 / total as f64 }
}

/// Counts the calls of the running minute.
#[derive(Default)]
struct Minutes {
    minute: u64,
    calls: u64,
    greatest: u64,
}

impl Minutes {
    fn see(&mut self, at: Instant) {
        let minute = at.nanos() / MINUTE_NANOS;
        if minute != self.minute {
            (self.minute, self.calls) = (minute, 0);
        }
        self.calls += 1;
        self.greatest = self.greatest.max(self.calls);
    }
}

/// Steps per doubling: neighbours differ by less than two percent.
const STEPS: usize = 64;

/// Lengths by their magnitude: 64 steps for every doubling.
struct Histogram {
    counts: Vec<u64>,
    total: u64,
    min: u64,
    max: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; 64 * STEPS], total: 0, min: u64::MAX, max: 0 }
    }
}

impl Histogram {
    fn see(&mut self, run: Span) {
        let nanos = run.nanos();
        self.counts[bucket(nanos)] += 1;
        self.total += 1;
        self.min = self.min.min(nanos);
        self.max = self.max.max(nanos);
    }

    fn spread(&self) -> Spread {
        if self.total == 0 {
            return Spread::default();
        }
        let at = |share: f64| {
            let mut left = (self.total as f64 * share).ceil() as u64;
            for (bucket, &count) in self.counts.iter().enumerate() {
                if count >= left {
                    return middle(bucket).clamp(self.min as f64, self.max as f64) / 1e6;
                }
                left -= count;
            }
            self.max as f64 / 1e6
        };
        let (min, max) = (self.min as f64 / 1e6, self.max as f64 / 1e6);
        Spread { min, p50: at(0.5), p90: at(0.9), p99: at(0.99), max }
    }
}

/// The exponent of a number and the six bits below its highest.
fn bucket(nanos: u64) -> usize {
    let nanos = nanos.max(1);
    let exponent = nanos.ilog2();
    let below = (u128::from(nanos) << 6 >> exponent) as usize - STEPS;
    exponent as usize * STEPS + below
}

fn middle(bucket: usize) -> f64 {
    let (exponent, below) = (bucket / STEPS, bucket % STEPS);
    (1.0 + (below as f64 + 0.5) / STEPS as f64) * (1u64 << exponent) as f64
}

/// Memory of the calls that run at once.
#[derive(Default)]
struct Load {
    ends: BinaryHeap<Reverse<(Instant, Bytes)>>,
    busy: Bytes,
    greatest: Bytes,
}

impl Load {
    fn see(&mut self, call: &Arrival, memory: Bytes) {
        while let Some(Reverse((end, freed))) = self.ends.peek().copied() {
            if end > call.at {
                break;
            }
            self.ends.pop();
            self.busy = self.busy.saturating_sub(freed);
        }
        self.ends.push(Reverse((call.at + call.run, memory)));
        self.busy += memory;
        self.greatest = self.greatest.max(self.busy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundled::Bundled;
    use crate::open::Options;
    use crate::source::Source;

    #[test]
    fn a_small_trace_is_told_exactly() {
        let text = "{\"function\":{\"name\":\"x\",\"memory_mb\":10,\"warm_ms\":1000}}\n\
            {\"function\":{\"name\":\"y\",\"memory_mb\":30,\"warm_ms\":50}}\n\
            {\"function\":{\"name\":\"z\",\"memory_mb\":5,\"warm_ms\":50}}\n\
            {\"at_ms\":0,\"name\":\"x\"}\n{\"at_ms\":500,\"name\":\"x\"}\n{\"at_ms\":999,\"name\":\"y\"}\n\
            {\"at_ms\":61000,\"name\":\"x\",\"run_ms\":2000}\n";
        let source = Source::memory("t", text.as_bytes().to_vec());
        let trace = Trace::open_sources("t", &[source], &Options::default()).unwrap();
        let found = trace.inspect(&Reading::default(), true).unwrap();
        assert_eq!((found.functions, found.calls, found.span_s), (3, 4, 120.0));
        assert_eq!((found.functions_never_called, found.functions_called_once), (1, 1));
        assert_eq!((found.calls_per_minute_mean, found.calls_per_minute_max), (2.0, 3));
        assert_eq!((found.memory_mb_sum, found.memory_mb.max), (45.0, 30.0));
        assert_eq!(found.busy_mb_max, Some(50.0));
        assert_eq!((found.run_ms.min, found.run_ms.max), (50.0, 2000.0));
        assert!((found.run_ms.p50 / 1000.0 - 1.0).abs() < 0.02, "{:?}", found.run_ms);
        assert_eq!(found.share_of_busiest_10_percent, 0.75);
    }

    #[test]
    fn the_bundled_sample_is_as_published() {
        let trace = Bundled::find("1350").unwrap().open(&Options::default()).unwrap();
        let found = trace.inspect(&Reading::default(), false).unwrap();
        assert_eq!((found.functions, found.calls), (1350, 927_272));
        let calls = found.calls_per_function;
        assert_eq!((calls.min, calls.p50, calls.max), (1.0, 37.0, 57_778.0));
        assert_eq!((found.memory_mb.min, found.memory_mb.max), (75.0, 994.0));
        assert!(found.problems.is_empty());
    }

    #[test]
    fn buckets_cover_every_length() {
        for nanos in [0, 1, 2, 63, 64, 1_000_000, u64::MAX] {
            let middle = middle(bucket(nanos));
            assert!((middle / nanos.max(1) as f64 - 1.0).abs() < 0.52, "{nanos}: {middle}");
        }
    }
}
