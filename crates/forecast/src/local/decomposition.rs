//! A trend that may bend and seasons of day and hour, added up, fitted by one regression with
//! shrinkage (in the manner of Prophet). Good at explaining a year, poor after a burst; here
//! because people ask for it, and so that the table shows what it is worth.

use crate::local::least_squares::solve;
use crate::local::rule::{Known, PointRule};

/// Forecasts trend and seasons.
#[derive(Debug, Clone, Copy)]
pub struct Decomposition;

const BENDS: usize = 8;
const WAVES: usize = 4;
/// Steps that are looked at: a week of 5-minute steps.
const REACH: usize = 2016;

/// What was fitted: the time of its first step, how long a bend is, the coefficients.
#[derive(Debug, Clone)]
pub struct Curve {
    first: usize,
    span: f64,
    coefficients: Vec<f64>,
}

impl PointRule for Decomposition {
    type Shape = Curve;

    fn shape(&self, known: Known<'_>) -> Curve {
        let first = known.counts.len().saturating_sub(REACH);
        let mut curve =
            Curve { first, span: (known.counts.len() - first) as f64, coefficients: Vec::new() };
        let steps = first..known.counts.len();
        let rows: Vec<Vec<f64>> = steps.map(|step| row(&curve, known, step)).collect();
        let counts: Vec<f64> = known.counts[first..].iter().map(|&c| f64::from(c)).collect();
        let mut shrink = vec![1.0; rows[0].len()];
        shrink[..2].fill(1e-3);
        shrink[2..2 + BENDS].fill(10.0);
        curve.coefficients = solve(&rows, &counts, &shrink);
        curve
    }

    fn points(&self, curve: &Curve, known: Known<'_>, horizon: usize) -> Vec<f32> {
        let steps = known.counts.len()..known.counts.len() + horizon;
        let at = |step| {
            row(curve, known, step).iter().zip(&curve.coefficients).map(|(x, c)| x * c).sum::<f64>()
        };
        steps.map(|step| at(step) as f32).collect()
    }
}

fn row(curve: &Curve, known: Known<'_>, step: usize) -> Vec<f64> {
    let time = (step as f64 - curve.first as f64) / curve.span;
    let mut row = vec![1.0, time];
    // Bends lie in the first four fifths: the end shall not hang on its last few steps.
    row.extend((1..=BENDS).map(|bend| (time - 0.8 * bend as f64 / (BENDS + 1) as f64).max(0.0)));
    for period in [known.season, known.day] {
        for wave in 1..=WAVES {
            let is_seen = period > 2 * wave && 2.0 * period as f64 <= curve.span;
            let angle = std::f64::consts::TAU * (wave * step) as f64 / period.max(1) as f64;
            let (sine, cosine) = if is_seen { angle.sin_cos() } else { (0.0, 0.0) };
            row.extend([sine, cosine]);
        }
    }
    row
}
