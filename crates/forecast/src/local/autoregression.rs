//! What comes is a weighted sum of what came and of the last surprises, of the counts or of
//! their changes (ARIMA). Weights by two regressions (Hannan and Rissanen, 1982), order by the
//! information criterion.

use crate::local::least_squares::solve;
use crate::local::rule::{Known, PointRule};

/// Forecasts by regression on the past.
#[derive(Debug, Clone, Copy)]
pub struct Autoregression;

/// An order with its weights.
#[derive(Debug, Clone)]
pub struct Fitted {
    differences: usize,
    lags: usize,
    surprises: usize,
    /// Constant, lags, surprises.
    weights: Vec<f64>,
}

const REACH: usize = 600;
const LONG: usize = 8;
const ORDERS: [(usize, usize); 7] = [(0, 0), (1, 0), (2, 0), (4, 0), (0, 1), (1, 1), (2, 1)];

impl PointRule for Autoregression {
    type Shape = Fitted;

    fn shape(&self, known: Known<'_>) -> Fitted {
        let mut best =
            (f64::INFINITY, Fitted { differences: 1, lags: 0, surprises: 0, weights: vec![0.0] });
        for differences in [0, 1] {
            let values = values(known.counts, differences);
            if values.len() < 4 * LONG {
                break;
            }
            let long = Fitted { differences, lags: LONG, surprises: 0, weights: Vec::new() };
            let long =
                Fitted { weights: regress(&long, &values, &vec![0.0; values.len()]), ..long };
            let surprises = errors(&long, &values);
            for (lags, moving) in ORDERS {
                let fitted = Fitted { differences, lags, surprises: moving, weights: Vec::new() };
                let weights = regress(&fitted, &values, &surprises);
                let fitted = Fitted { weights, ..fitted };
                let squares: f64 = errors(&fitted, &values)[LONG..].iter().map(|e| e * e).sum();
                let len = (values.len() - LONG) as f64;
                let score = len * (squares / len + 1e-6).ln() + 2.0 * (1 + lags + moving) as f64;
                if score < best.0 {
                    best = (score, fitted);
                }
            }
        }
        best.1
    }

    fn points(&self, fitted: &Fitted, known: Known<'_>, horizon: usize) -> Vec<f32> {
        let mut values = values(known.counts, fitted.differences);
        let mut surprises = errors(fitted, &values);
        let mut level = f64::from(known.counts[known.counts.len() - 1]);
        let mut points = Vec::with_capacity(horizon);
        for _ in 0..horizon {
            let next = expect(fitted, &values, &surprises, values.len());
            values.push(next);
            surprises.push(0.0);
            level = if fitted.differences == 1 { level + next } else { next };
            points.push(level as f32);
        }
        points
    }
}

fn values(counts: &[f32], differences: usize) -> Vec<f64> {
    let counts = &counts[counts.len().saturating_sub(REACH)..];
    match differences {
        0 => counts.iter().map(|&count| f64::from(count)).collect(),
        _ => counts.windows(2).map(|pair| f64::from(pair[1] - pair[0])).collect(),
    }
}

fn row(fitted: &Fitted, values: &[f64], surprises: &[f64], step: usize) -> Vec<f64> {
    let back = |values: &[f64], lag: usize| if lag <= step { values[step - lag] } else { 0.0 };
    let mut row = vec![1.0];
    row.extend((1..=fitted.lags).map(|lag| back(values, lag)));
    row.extend((1..=fitted.surprises).map(|lag| back(surprises, lag)));
    row
}

fn regress(fitted: &Fitted, values: &[f64], surprises: &[f64]) -> Vec<f64> {
    let steps = LONG..values.len();
    let rows: Vec<Vec<f64>> = steps.map(|step| row(fitted, values, surprises, step)).collect();
    solve(&rows, &values[LONG..], &vec![1e-3; 1 + fitted.lags + fitted.surprises])
}

fn expect(fitted: &Fitted, values: &[f64], surprises: &[f64], step: usize) -> f64 {
    let row = row(fitted, values, surprises, step);
    row.iter().zip(&fitted.weights).map(|(value, weight)| value * weight).sum()
}

/// The surprise at each step, from the ones before it.
fn errors(fitted: &Fitted, values: &[f64]) -> Vec<f64> {
    let mut errors = Vec::with_capacity(values.len());
    for step in 0..values.len() {
        let expected = expect(fitted, values, &errors, step);
        errors.push(values[step] - expected);
    }
    errors
}
