//! Do the live run and the simulated one agree?

use serde::Serialize;
use swell_sim::row::Row;

use crate::rig::tally::{Latency, Tally};

/// A live run beside the simulator's run of the same calls.
#[derive(Debug, Clone, Serialize)]
pub struct Verdict {
    /// Calls played.
    pub calls: u64,
    /// Cold calls, live.
    pub cold: u64,
    /// Calls refused, live.
    pub dropped: u64,
    /// Cold calls, simulated.
    pub simulated_cold: u64,
    /// Calls refused, simulated.
    pub simulated_dropped: u64,
    /// How far the live count of cold calls is from the simulated one, in % of that.
    pub cold_apart_pct: f64,
    /// How far the live count of refused calls is from the simulated one, in % of all calls.
    pub dropped_apart_pct: f64,
    /// Latency of live calls that met a warm instance.
    pub warm: Latency,
    /// Latency of live calls that waited for a new one.
    pub cold_latency: Latency,
    /// The most that a call was sent late, in milliseconds.
    pub late_ms_max: f64,
}

impl Verdict {
    /// Holds one against the other.
    pub fn of(tally: &Tally, row: &Row) -> Self {
        let calls = tally.calls();
        let part = |count: u64, of: u64| count as f64 / of.max(1) as f64 * 100.0;
        Self {
            calls,
            cold: tally.cold,
            dropped: tally.dropped(),
            simulated_cold: row.cold,
            simulated_dropped: row.dropped,
            cold_apart_pct: part(tally.cold.abs_diff(row.cold), row.cold),
            dropped_apart_pct: part(tally.dropped().abs_diff(row.dropped), calls),
            warm: tally.warm_latency(),
            cold_latency: tally.cold_latency(),
            late_ms_max: tally.late.as_secs_f64() * 1e3,
        }
    }
}
