//! What clones saved and cost.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::spec::ForecastMode;

/// What clones saved and cost over a time, or would have, each function by its own mode.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Receipt {
    /// From when on, in milliseconds since 1970.
    pub since_ms: u64,
    /// Until when.
    pub until_ms: u64,
    /// What comes of forecasts now, unless a function has a mode of its own.
    pub mode: ForecastMode,
    /// Calls that came, of all functions.
    pub calls: u64,
    /// Calls that waited for a new instance, of all functions.
    pub cold: u64,
    /// Functions whose clones were made; left out where there were none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<ReceiptShare>,
    /// Functions whose clones were only foreseen: what would have been. Left out where there were
    /// none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shadow: Option<ReceiptShare>,
    /// Of calls of functions whose clones were made, those that a clone was ready for.
    pub cold_spared: u64,
    /// Calls of any function that waited for a start because of clones, such as for an instance that
    /// had to make room: what was spared less `on.cold_avoided`, which a second mind without clones
    /// tells.
    pub cold_caused: u64,
    /// How bands of steps held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bands_of_steps: Option<ReceiptBands>,
    /// How bands of the next minute held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bands_of_minutes: Option<ReceiptBands>,
    /// The same in a sentence or two.
    pub text: String,
}

/// What clones of functions of one mode did, or would have done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReceiptShare {
    /// Calls of these functions that came.
    pub calls: u64,
    /// Calls of these functions that waited for a new instance.
    pub cold: u64,
    /// Clones.
    pub clones_made: u64,
    /// Of these, clones that served a call.
    pub clones_used: u64,
    /// Of these, clones that ended without.
    pub clones_unused: u64,
    /// Cold starts that their clones avoid on balance, of any function; less than none where they
    /// bring about more than they spare.
    pub cold_avoided: i64,
    /// Memory that clones held until they were used or ended, in MB seconds.
    pub held_mb_seconds: f64,
    /// Of that, what clones held that nobody used.
    pub wasted_mb_seconds: f64,
}

/// How bands held, each count spread over its own share of the forecast.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReceiptBands {
    /// Counts that were held against what was forecast of them.
    pub counts: u64,
    /// Share of them within the 80 % band.
    pub coverage_80: f64,
    /// Share of them within the 95 % band.
    pub coverage_95: f64,
}
