//! A smoothed level with half of the long trend (Theta: Assimakopoulos and Nikolopoulos, 2000,
//! in the form of Hyndman and Billah, 2003).

use crate::local::rule::{Known, PointRule};
use crate::smooth::{best_weight, level};

/// Forecasts level and half a trend.
#[derive(Debug, Clone, Copy)]
pub struct Theta;

impl PointRule for Theta {
    type Shape = f32;

    fn shape(&self, known: Known<'_>) -> f32 {
        best_weight(known.counts, 0.01, 0.99)
    }

    fn points(&self, weight: &f32, known: Known<'_>, horizon: usize) -> Vec<f32> {
        let level = level(known.counts.iter().copied(), *weight);
        let drift = slope(known.counts) / 2.0;
        let len = known.counts.len() as f32;
        let settled = (1.0 - (1.0 - weight).powf(len)) / weight;
        (0..horizon).map(|ahead| level + drift * (ahead as f32 + settled)).collect()
    }
}

/// The slope of the straight line through the counts.
fn slope(counts: &[f32]) -> f32 {
    let len = counts.len() as f64;
    let middle = (len - 1.0) / 2.0;
    let products =
        counts.iter().enumerate().map(|(step, &count)| (step as f64 - middle) * f64::from(count));
    let squares = len * (len * len - 1.0) / 12.0;
    if squares > 0.0 { (products.sum::<f64>() / squares) as f32 } else { 0.0 }
}
