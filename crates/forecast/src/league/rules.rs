//! How long is waited, and how much better is better.

use serde::{Deserialize, Serialize};

/// The rules of a league. Lengths are in steps.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// How many steps must be known before a model is trained.
    pub known_min: u64,
    /// How many lie between trainings.
    pub retrain_every: u64,
    /// How many lie between trainings at least, whatever drifts.
    pub retrain_min: u64,
    /// The share of functions whose demand changed by which training comes early.
    pub drift_share: f32,
    /// How many steps a challenger is tried at least.
    pub trial_min: usize,
    /// How many at most; then it is dropped.
    pub trial_max: usize,
    /// By which share a challenger must be better.
    pub margin: f64,
    /// How sure that must be: the mean difference in standard errors.
    pub sure: f64,
    /// How long whoever forecasts may do worse than what needs no training.
    pub patience: usize,
    /// By which share worse is worse.
    pub tolerance: f64,
    /// How many forecasts may be missing in a row.
    pub missing_max: u32,
}

/// The rules for steps of five minutes: a model after half a day, another every six hours,
/// tried for two hours to eight, demoted after one.
pub const USUAL: Rules = Rules {
    known_min: 144,
    retrain_every: 72,
    retrain_min: 12,
    drift_share: 0.1,
    trial_min: 24,
    trial_max: 96,
    margin: 0.01,
    sure: 2.0,
    patience: 12,
    tolerance: 0.05,
    missing_max: 3,
};
