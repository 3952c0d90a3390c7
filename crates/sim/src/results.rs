//! Everything one command's runs have produced, for tables, files and pages alike.

use serde::Serialize;

use crate::row::{Detail, Row};

/// The results of a set of runs.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Results {
    /// One row per run, in the order of the cells asked for.
    pub rows: Vec<Row>,
    /// One detail per row.
    #[serde(skip)]
    pub details: Vec<Detail>,
    /// Offline bounds, one per memory size and placement.
    pub bounds: Vec<BoundRow>,
    /// Cold starts against waste for fixed keep-alive times with unlimited memory.
    pub curve: Vec<CurveRow>,
    /// Runs that were asked for.
    pub planned: usize,
    /// Whether the user stopped it before all were done.
    pub interrupted: bool,
}

/// What is possible, for one memory size, placement and seed.
#[derive(Debug, Clone, Serialize)]
pub struct BoundRow {
    /// Which bound: `space-time`, `clairvoyant`, `never-unload`.
    pub bound: String,
    /// Memory limit in decimal megabytes; absent where memory is unlimited.
    pub memory_mb: Option<f64>,
    /// How the calls of a minute were placed in it.
    pub placement: String,
    /// Seed of the placement.
    pub seed: u64,
    /// Cold starts in % of (served) calls.
    pub cold_pct: f64,
    /// Dropped calls in % of all calls.
    pub drop_pct: f64,
    /// When the figure is a bound, and when it is not.
    pub condition: String,
}

/// One point of the curve "cold against waste".
#[derive(Debug, Clone, Serialize)]
pub struct CurveRow {
    /// How long idle instances are kept, in seconds.
    pub keep_s: f64,
    /// Cold starts in % of calls.
    pub cold_pct: f64,
    /// Memory held idle, integrated over time, in GB s.
    pub waste_gb_s: f64,
}
