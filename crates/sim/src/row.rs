//! One line of results: a policy, a memory size, a placement and a seed, and what came
//! of them. What scripts read; names and units are part of the contract.

use serde::Serialize;
use swell_core::cloning::short::ShortTally;

use crate::tally::{PlayedTally, WHYS};

/// The result of one run.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// The trace's name.
    pub trace: String,
    /// The policy, as specified.
    pub policy: String,
    /// Memory limit in decimal megabytes.
    pub memory_mb: f64,
    /// How the calls of a minute were placed in it; `recorded` where the trace says.
    pub placement: String,
    /// How long cold starts were made to take.
    pub cold_cost: String,
    /// How long calls were made to run: `average` or `sampled`.
    pub durations: String,
    /// Settings of functions that are not plain, as asked for; empty if all are.
    pub overrides: String,
    /// How long a thaw of a paused instance was made to take, in ms.
    pub resume_ms: f64,
    /// Seed of placement, start times and the policy's chance.
    pub seed: u64,
    /// All calls.
    pub calls: u64,
    /// Calls that met a warm instance at once.
    pub warm: u64,
    /// Calls that waited for a busy instance, and for no start.
    pub delayed: u64,
    /// Calls that waited for a paused instance to thaw.
    pub resumed: u64,
    /// Calls that waited for a new instance.
    pub cold: u64,
    /// Calls that were turned away.
    pub dropped: u64,
    /// `cold` in % of served calls (drops not in the denominator, as FaasCache counts).
    pub cold_pct: f64,
    /// `dropped` in % of all calls.
    pub drop_pct: f64,
    /// `cold` and `dropped` together in % of all calls.
    pub bad_pct: f64,
    /// `delayed` in % of served calls.
    pub delayed_pct: f64,
    /// Calls that waited longer than two seconds, for whatever, in % of served calls.
    pub slow_pct: f64,
    /// Mean time, over served calls, spent waiting for anything but a start, in ms.
    pub queue_ms_mean: f64,
    /// All waiting in % of all warm execution time, over served calls.
    pub added_latency_pct: f64,
    /// Wait that 99 % of served calls stay below, in ms.
    pub wait_ms_p99: f64,
    /// Wait that 99.9 % of served calls stay below, in ms.
    pub wait_ms_p999: f64,
    /// Memory held by idle, pre-warmed and paused instances, integrated over time, in GB s.
    pub waste_gb_s: f64,
    /// Memory held by busy instances, integrated over time, in GB s.
    pub busy_gb_s: f64,
    /// Memory held by starting instances, integrated over time, in GB s.
    pub starting_gb_s: f64,
    /// The most memory in use at once, in decimal megabytes.
    pub peak_mb: f64,
    /// Why calls waited for a new instance.
    #[serde(skip)]
    pub why: [u64; WHYS],
    /// What befell them where failures, schedules or events are played.
    #[serde(skip)]
    pub played: PlayedTally,
    /// How much better than rates forecasts told steps with calls from others, at most 1.
    #[serde(skip)]
    pub skill: Option<f64>,
    /// Clones that were wished for and came too late or not at all.
    #[serde(skip)]
    pub short: ShortTally,
    /// Instances ended for another's sake.
    pub evictions: u64,
    /// Instances ended because their lease ran out.
    pub expirations: u64,
    /// Instances started, for whatever cause.
    pub starts: u64,
    /// Instances started before a request asked for them.
    pub starts_ahead: u64,
    /// Functions of which every served call was cold, in % of functions called.
    pub always_cold_pct: f64,
    /// Cold rate of the median function, in %.
    pub function_cold_pct_p50: f64,
    /// Cold rate that three quarters of functions stay below, in %.
    pub function_cold_pct_p75: f64,
    /// Cold rate that 99 % of functions stay below, in %.
    pub function_cold_pct_p99: f64,
    /// No policy that acts on demand and drops nothing has fewer cold starts, in % of
    /// calls; absent where the bound was not computed.
    pub bound_pct: Option<f64>,
    /// Fingerprint of all events and decisions, in hexadecimal.
    pub digest: String,
    /// Calls simulated per second of one core; absent unless timing was asked for, since
    /// it differs from run to run.
    pub calls_per_s: Option<f64>,
}

/// What a report needs beside the row.
#[derive(Debug, Clone, Serialize)]
pub struct Detail {
    /// Cold rate (0 to 1) of every function that was served, ascending.
    pub function_cold_rates: Vec<f64>,
    /// The pool over time.
    pub timeline: Vec<Sample>,
}

/// The pool at one moment, in decimal megabytes.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Sample {
    /// Seconds from the start of the trace.
    pub at_s: f64,
    /// Memory of instances being made.
    pub starting_mb: f64,
    /// Memory of instances at work.
    pub busy_mb: f64,
    /// Memory of warm instances without work.
    pub idle_mb: f64,
    /// Memory of instances made ahead that have not served yet.
    pub prewarmed_mb: f64,
    /// Memory of frozen instances.
    pub paused_mb: f64,
}
