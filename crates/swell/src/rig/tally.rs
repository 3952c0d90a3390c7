//! What came of the calls that were played.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// Longest latency that is told apart from longer ones, in microseconds.
const LATENCY_US_MAX: u64 = 600_000_000;

/// How one call went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Went {
    /// It met a warm instance at once.
    Warm,
    /// It waited for a busy or frozen instance.
    Delayed,
    /// It waited for a new instance.
    Cold,
    /// It was answered with this status instead of an answer of the function.
    Refused(u16),
    /// The connection broke.
    Broken,
}

/// Counts and latencies.
pub struct Tally {
    /// Calls that met a warm instance at once.
    pub warm: u64,
    /// Calls that waited for a busy or frozen instance.
    pub delayed: u64,
    /// Calls that waited for a new instance.
    pub cold: u64,
    /// Calls that were refused or failed, by status.
    pub refused: BTreeMap<u16, u64>,
    /// Calls whose connection broke.
    pub broken: u64,
    warm_us: Histogram<u64>,
    cold_us: Histogram<u64>,
    /// How late calls were sent, at most.
    pub late: Duration,
}

/// Percentiles of a latency, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Latency {
    /// Half of the calls took no longer.
    pub p50_ms: f64,
    /// 99 % took no longer.
    pub p99_ms: f64,
}

impl Default for Tally {
    fn default() -> Self {
        let histogram = || Histogram::new_with_max(LATENCY_US_MAX, 3).expect("the bounds are sane");
        Self {
            warm: 0,
            delayed: 0,
            cold: 0,
            refused: BTreeMap::new(),
            broken: 0,
            warm_us: histogram(),
            cold_us: histogram(),
            late: Duration::ZERO,
        }
    }
}

impl Tally {
    /// One call went so, and took so long.
    pub fn add(&mut self, went: Went, took: Duration) {
        let micros = (took.as_micros() as u64).clamp(1, LATENCY_US_MAX);
        match went {
            Went::Warm => {
                self.warm += 1;
                self.warm_us.saturating_record(micros);
            }
            Went::Delayed => self.delayed += 1,
            Went::Cold => {
                self.cold += 1;
                self.cold_us.saturating_record(micros);
            }
            Went::Refused(status) => *self.refused.entry(status).or_default() += 1,
            Went::Broken => self.broken += 1,
        }
    }

    /// All calls.
    pub fn calls(&self) -> u64 {
        self.warm + self.delayed + self.cold + self.dropped()
    }

    /// Calls that got no answer of their function.
    pub fn dropped(&self) -> u64 {
        self.refused.values().sum::<u64>() + self.broken
    }

    /// Latency of calls that met a warm instance.
    pub fn warm_latency(&self) -> Latency {
        latency(&self.warm_us)
    }

    /// Latency of calls that waited for a new one.
    pub fn cold_latency(&self) -> Latency {
        latency(&self.cold_us)
    }
}

fn latency(histogram: &Histogram<u64>) -> Latency {
    let at = |quantile| histogram.value_at_quantile(quantile) as f64 / 1e3;
    Latency { p50_ms: at(0.5), p99_ms: at(0.99) }
}
