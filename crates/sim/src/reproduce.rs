//! Running the published simulators on any trace that Swell can read.
//!
//! Two choices are made here, both needed to have the printed figures again. Functions
//! called once a day stay in. A function whose average run is zero milliseconds gets one
//! more for both its runs, as the originals divide by it.

use serde::Serialize;
use swell_trace::durations::Durations;
use swell_trace::placement::Placement;
use swell_trace::reading::Reading;
use swell_trace::trace::Trace;

use crate::error::SimError;
use crate::faithful::catalogue::{Original, run};
use crate::faithful::input::{Call, Function, Input};

/// The result of one reproduced run, with the originals' own figures.
#[derive(Debug, Clone, Serialize)]
pub struct ReproducedRow {
    /// The trace's name.
    pub trace: String,
    /// Simulator and policy, such as `founding:dynamic-ttl`.
    pub policy: String,
    /// Memory limit in decimal megabytes.
    pub memory_mb: u64,
    /// Seed of the policy's chance.
    pub seed: u32,
    /// All calls.
    pub calls: u64,
    /// Calls served by a container that was there.
    pub warm: u64,
    /// Calls served by a new container.
    pub cold: u64,
    /// Calls turned away ("capacity misses").
    pub dropped: u64,
    /// Containers evicted, also in vain.
    pub evictions: u64,
    /// `cold` in % of served calls.
    pub cold_pct: f64,
    /// `dropped` in % of all calls.
    pub drop_pct: f64,
    /// `cold` and `dropped` together in % of all calls.
    pub bad_pct: f64,
    /// Increase of execution time by the formula of FaasCache's analysis script, in %.
    pub script_increase_pct: f64,
    /// Increase of execution time by the simulator's own meaning of its columns, in %.
    pub own_increase_pct: f64,
}

/// Brings a trace into the shape the originals read: calls of a minute evenly spaced,
/// durations and memory in whole milliseconds and megabytes.
pub fn input(trace: &Trace) -> Result<Input, SimError> {
    let whole_ms = |span: swell_core::time::Span| (span.nanos() / 1_000_000) as u32;
    let functions = trace.functions().iter().map(|profile| {
        let warm_ms = whole_ms(profile.warm);
        let longest = profile.longest.or_else(|| profile.cold.map(|cold| cold + profile.warm));
        let cold_ms = longest.map_or(warm_ms, whole_ms);
        let extra = u32::from(warm_ms == 0);
        Function {
            mem_mb: profile.memory.get().div_ceil(1_000_000) as u32,
            cold_ms: cold_ms + extra,
            warm_ms: warm_ms + extra,
        }
    });
    let reading = Reading { placement: Placement::Even, durations: Durations::Average, seed: 0 };
    let mut stream = trace.arrivals(&reading)?;
    let mut calls = Vec::new();
    let mut chunk = Vec::new();
    loop {
        stream.fill(&mut chunk)?;
        if chunk.is_empty() {
            break;
        }
        calls.extend(chunk.iter().map(|arrival| Call {
            t_ms: arrival.at.nanos() as f64 / 1e6,
            function: arrival.function.index(),
        }));
    }
    Input::new(functions.collect(), calls).map_err(|error| {
        SimError::Settings(format!(
            "the published simulators cannot read `{}`: {error}",
            trace.name()
        ))
    })
}

/// Runs one published simulator with one of its policies.
pub fn reproduce(
    original: Original,
    memory_mb: u64,
    seed: u32,
    trace_name: &str,
    input: &Input,
) -> ReproducedRow {
    let outcome = run(original, memory_mb, seed, input);
    ReproducedRow {
        trace: trace_name.to_string(),
        policy: original.to_string(),
        memory_mb,
        seed,
        calls: outcome.calls,
        warm: outcome.warm,
        cold: outcome.cold,
        dropped: outcome.dropped,
        evictions: outcome.evictions,
        cold_pct: outcome.cold_pct(),
        drop_pct: outcome.drop_pct(),
        bad_pct: outcome.bad_pct(),
        script_increase_pct: outcome.script_increase_pct,
        own_increase_pct: outcome.own_increase_pct,
    }
}

#[cfg(test)]
mod tests {
    use swell_trace::open::Options;

    use super::*;

    /// The way a user goes: a trace by name, a policy by name.
    fn cold_pct(trace: &str, policy: &str, memory_mb: u64) -> String {
        let trace = swell_trace::bundled::Bundled::find(trace).expect("bundled");
        let trace = trace.open(&Options::default()).expect("it is whole");
        let input = input(&trace).expect("it can be read");
        let original = policy.parse().expect("in the catalogue");
        let row = reproduce(original, memory_mb, 1, trace.name(), &input);
        format!("{:.3} {:.3} {:.3}", row.cold_pct, row.drop_pct, row.bad_pct)
    }

    #[test]
    fn printed_figures_are_had_again_through_the_readers() {
        for (trace, policy, memory_mb, expected) in [
            ("200", "faascache:lru", 8_000, "9.868 "),
            ("20-b", "founding:dynamic-ttl", 800, "0.118 0.246 0.364"),
            ("20-d", "founding:lru", 1_000, "3.117 14.167 16.842"),
        ] {
            let found = cold_pct(trace, policy, memory_mb);
            assert!(found.starts_with(expected), "{trace} {policy} {memory_mb}: {found}");
        }
    }
}
