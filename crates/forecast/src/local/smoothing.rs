//! A level that follows what comes, with the weight that served best (simple exponential
//! smoothing).

use crate::local::rule::{Known, PointRule};
use crate::smooth::{best_weight, level};

/// Forecasts the level.
#[derive(Debug, Clone, Copy)]
pub struct Smoothing;

impl PointRule for Smoothing {
    type Shape = f32;

    fn shape(&self, known: Known<'_>) -> f32 {
        best_weight(known.counts, 0.01, 0.99)
    }

    fn points(&self, weight: &f32, known: Known<'_>, horizon: usize) -> Vec<f32> {
        vec![level(known.counts.iter().copied(), *weight); horizon]
    }
}
