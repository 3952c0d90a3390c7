//! Exponential smoothing with what the series has: a level, a damped trend, a season (ETS,
//! additive). Which of them, the corrected information criterion decides.

use crate::local::rule::{Known, PointRule};

/// Forecasts level, trend and season.
#[derive(Debug, Clone, Copy)]
pub struct Exponential;

/// The weights of the parts; a part with weight zero stays as it began.
#[derive(Debug, Clone, Copy)]
pub struct Weights {
    level: f32,
    trend: Option<f32>,
    season: Option<f32>,
}

const DAMPING: f32 = 0.95;
/// Steps that are looked at: what lies further back has no say in a weight.
const REACH: usize = 600;
const GRID: [f32; 6] = [0.02, 0.08, 0.2, 0.4, 0.65, 0.9];

impl PointRule for Exponential {
    type Shape = Weights;

    fn shape(&self, known: Known<'_>) -> Weights {
        let mut best = (f32::INFINITY, Weights { level: 0.2, trend: None, season: None });
        let has_season = known.season > 1 && known.season <= 48;
        let seasons = [None, has_season.then_some(0.02), has_season.then_some(0.15)];
        for trend in [None, Some(0.02), Some(0.15)] {
            for season in seasons {
                for level in GRID {
                    let weights = Weights { level, trend, season };
                    let score = criterion(&weights, known);
                    if score < best.0 {
                        best = (score, weights);
                    }
                }
            }
        }
        best.1
    }

    fn points(&self, weights: &Weights, known: Known<'_>, horizon: usize) -> Vec<f32> {
        let (state, _) = run(weights, known);
        let mut trend = 0.0;
        let mut damping = 1.0;
        let ahead = (0..horizon).map(|ahead| {
            damping *= DAMPING;
            trend += state.trend * damping;
            let season = state.season[(state.place + ahead) % state.season.len()];
            state.level + trend + season
        });
        ahead.collect()
    }
}

struct State {
    level: f32,
    trend: f32,
    season: Vec<f32>,
    place: usize,
}

/// The information criterion of these weights; infinite where there are too few steps.
fn criterion(weights: &Weights, known: Known<'_>) -> f32 {
    let (_, squares) = run(weights, known);
    let len = known.counts.len().min(REACH) as f32;
    let seasons = if weights.season.is_some() { known.season as f32 + 1.0 } else { 0.0 };
    let parts = 3.0 + seasons + if weights.trend.is_some() { 2.0 } else { 0.0 };
    if len <= parts + 2.0 {
        return if parts > 3.0 { f32::INFINITY } else { 0.0 };
    }
    len * (squares / len + 1e-6).ln() + 2.0 * parts * len / (len - parts - 1.0)
}

/// The state after the last count and the sum of squared one-step errors.
fn run(weights: &Weights, known: Known<'_>) -> (State, f32) {
    let counts = &known.counts[known.counts.len().saturating_sub(REACH)..];
    let mut state = begin(weights, counts, known.season);
    let mut squares = 0.0;
    for &count in counts {
        let season = state.season[state.place];
        let before = state.level + state.trend * DAMPING;
        let error = count - before - season;
        squares += error * error;
        state.level = before + weights.level * error;
        state.trend = state.trend * DAMPING + weights.trend.unwrap_or(0.0) * weights.level * error;
        state.season[state.place] += weights.season.unwrap_or(0.0) * (1.0 - weights.level) * error;
        state.place = (state.place + 1) % state.season.len();
    }
    (state, squares)
}

fn begin(weights: &Weights, counts: &[f32], season: usize) -> State {
    let first = &counts[..counts.len().min(season.max(6))];
    let level = first.iter().sum::<f32>() / first.len() as f32;
    let mut state = State { level, trend: 0.0, season: vec![0.0], place: 0 };
    let whole = counts.len() / season * season;
    if weights.season.is_some() && whole > season {
        let mean = counts[..whole].iter().sum::<f32>() / whole as f32;
        let at = |place: usize| counts[..whole].iter().skip(place).step_by(season);
        let mean_at = |place| at(place).sum::<f32>() / (whole / season) as f32 - mean;
        state.season = (0..season).map(mean_at).collect();
    }
    state
}
