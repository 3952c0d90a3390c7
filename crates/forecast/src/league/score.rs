//! One number for how good the forecasts of all functions were.
//!
//! Pinball loss at all levels, each function in its own measure and none beyond a bound: else
//! one burst that nobody foresaw, or one function that is called more than all others, would
//! say who forecasts for the rest.

use crate::bands::{LEVELS, Quantiles};
use crate::measure::pinball;

/// The most that one function counts for.
const LOSS_MAX: f64 = 20.0;

/// What was forecast of a function, what came, and its usual change from step to step.
#[derive(Debug, Clone, Copy)]
pub struct Told {
    /// What was forecast.
    pub quantiles: Quantiles,
    /// What came.
    pub came: f32,
    /// How much its count usually changes from one step to the next.
    pub scale: f32,
}

/// The mean loss; not a number if nothing was told, or one of the forecasts is no number.
pub fn loss(told: impl Iterator<Item = Told>) -> f64 {
    let (mut sum, mut len) = (0.0, 0usize);
    for Told { quantiles, came, scale } in told.filter(|told| !told.came.is_nan()) {
        let scale = f64::from(if scale.is_finite() { scale.max(0.1) } else { 1.0 });
        let of_level = |(quantile, level): (&f32, f32)| {
            pinball(f64::from(came), f64::from(*quantile), f64::from(level))
        };
        let losses = quantiles.iter().zip(LEVELS).map(of_level).sum::<f64>();
        if !losses.is_finite() {
            return f64::NAN;
        }
        sum += (losses / LEVELS.len() as f64 / scale).min(LOSS_MAX);
        len += 1;
    }
    if len == 0 { f64::NAN } else { sum / len as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_count_alike() {
        let told =
            |quantile: f32, came: f32, scale: f32| Told { quantiles: [quantile; 5], came, scale };
        let small = loss([told(1.0, 2.0, 1.0)].into_iter());
        let large = loss([told(1000.0, 2000.0, 1000.0)].into_iter());
        assert!((small - 0.5).abs() < 1e-6 && (large - 0.5).abs() < 1e-6);
        let burst = loss([told(1.0, 1e9, 1.0), told(1.0, 2.0, 1.0)].into_iter());
        assert!((burst - (LOSS_MAX + 0.5) / 2.0).abs() < 1e-6);
        assert!(loss([told(f32::NAN, 2.0, 1.0)].into_iter()).is_nan());
        assert!(loss([told(1.0, f32::NAN, 1.0)].into_iter()).is_nan(), "nothing was scored");
        assert!(loss([told(1.0, 1.0, f32::NAN)].into_iter()) == 0.0);
    }
}
