//! Exponential smoothing with what the series has: a level, a damped trend, a season (ETS,
//! additive). Which of them, the corrected information criterion decides.

use crate::local::rule::{Known, PointRule};
use crate::smooth::{Abreast, SIDE};

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
        let candidates = candidates(known.season);
        let counts = recent(known.counts);
        let squares: Vec<f32> = if is_long(counts, known.season) {
            let table = Abreast::of(&[counts; SIDE]);
            let begun = [None, Some(0.0)].map(|season| begin(season, counts, known.season));
            let some = |weights: &[Weights]| {
                let mut run = Run::of(weights, |of| &begun[usize::from(of.season.is_some())]);
                table.stretches().for_each(|(rows, _)| run.go(rows));
                run.squares.into_iter().take(weights.len())
            };
            candidates.chunks(SIDE).flat_map(some).collect()
        } else {
            candidates.iter().map(|weights| run(weights, known).1).collect()
        };
        for (weights, squares) in candidates.iter().zip(squares) {
            let score = criterion(weights, known, squares);
            if score < best.0 {
                best = (score, *weights);
            }
        }
        best.1
    }

    fn points(&self, weights: &Weights, known: Known<'_>, horizon: usize) -> Vec<f32> {
        run(weights, known).0.ahead(horizon)
    }

    fn points_of(&self, asked: &[(&Weights, Known<'_>)], horizon: usize) -> Vec<f32> {
        let of_some = |asked: &[(&Weights, Known<'_>)]| {
            let series: Vec<&[f32]> = asked.iter().map(|(_, known)| recent(known.counts)).collect();
            let season = asked.first().map_or(1, |(_, known)| known.season);
            if !series.iter().all(|counts| is_long(counts, season)) {
                let alone = |(weights, known): &(&Weights, Known<'_>)| {
                    self.points(weights, *known, horizon)
                };
                return asked.iter().flat_map(alone).collect::<Vec<f32>>();
            }
            let weights: Vec<Weights> = asked.iter().map(|(weights, _)| **weights).collect();
            let begun: Vec<State> = weights
                .iter()
                .zip(&series)
                .map(|(weights, counts)| begin(weights.season, counts, season))
                .collect();
            let mut begun = begun.iter();
            let mut run = Run::of(&weights, |_| begun.next().expect("each has its beginning"));
            let mut points = vec![0.0; asked.len() * horizon];
            for (rows, ended) in Abreast::of(&series).stretches() {
                run.go(rows);
                for lane in ended.filter(|&lane| lane < asked.len()) {
                    let ahead = run.state(lane).ahead(horizon);
                    points[lane * horizon..(lane + 1) * horizon].copy_from_slice(&ahead);
                }
            }
            points
        };
        asked.chunks(SIDE).flat_map(of_some).collect()
    }
}

/// What may be chosen, the simplest first.
fn candidates(season: usize) -> Vec<Weights> {
    let has_season = season > 1 && season <= 48;
    let seasons: &[Option<f32>] =
        if has_season { &[None, Some(0.02), Some(0.15)] } else { &[None] };
    let mut candidates = Vec::with_capacity(GRID.len() * 9);
    for trend in [None, Some(0.02), Some(0.15)] {
        for &season in seasons {
            candidates.extend(GRID.map(|level| Weights { level, trend, season }));
        }
    }
    candidates
}

/// The counts that are looked at.
fn recent(counts: &[f32]) -> &[f32] {
    &counts[counts.len().saturating_sub(REACH)..]
}

/// Whether a season of these counts begins from whole seasons.
fn is_long(counts: &[f32], season: usize) -> bool {
    counts.len() >= 2 * season
}

struct State {
    level: f32,
    trend: f32,
    season: Vec<f32>,
    place: usize,
}

impl State {
    /// The middle of each of the next steps.
    fn ahead(&self, horizon: usize) -> Vec<f32> {
        let mut trend = 0.0;
        let mut damping = 1.0;
        let ahead = (0..horizon).map(|ahead| {
            damping *= DAMPING;
            trend += self.trend * damping;
            let season = self.season[(self.place + ahead) % self.season.len()];
            self.level + trend + season
        });
        ahead.collect()
    }
}

/// Runs of several weights, each over counts of its own, side by side. What each comes to is
/// what [`run`] comes to.
struct Run {
    level: [f32; SIDE],
    trend: [f32; SIDE],
    squares: [f32; SIDE],
    /// By place in the season.
    season: Vec<[f32; SIDE]>,
    place: usize,
    of_level: [f32; SIDE],
    of_trend: [f32; SIDE],
    of_season: [f32; SIDE],
}

impl Run {
    fn of<'s>(weights: &[Weights], mut begun: impl FnMut(&Weights) -> &'s State) -> Self {
        let mut run = Self {
            level: [0.0; SIDE],
            trend: [0.0; SIDE],
            squares: [0.0; SIDE],
            season: vec![[0.0; SIDE]],
            place: 0,
            of_level: [0.0; SIDE],
            of_trend: [0.0; SIDE],
            of_season: [0.0; SIDE],
        };
        for (lane, weights) in weights.iter().enumerate() {
            let State { level, trend, season, .. } = begun(weights);
            (run.level[lane], run.trend[lane]) = (*level, *trend);
            if season.len() > run.season.len() {
                run.season.resize(season.len(), [0.0; SIDE]);
            }
            run.season.iter_mut().zip(season).for_each(|(row, own)| row[lane] = *own);
            run.of_level[lane] = weights.level;
            run.of_trend[lane] = weights.trend.unwrap_or(0.0) * weights.level;
            run.of_season[lane] = weights.season.unwrap_or(0.0) * (1.0 - weights.level);
        }
        run
    }

    fn go(&mut self, rows: &[[f32; SIDE]]) {
        let Self { mut level, mut trend, mut squares, of_level, of_trend, of_season, .. } = *self;
        for row in rows {
            let season = &mut self.season[self.place];
            // Loop by loop, so that compilers see that lanes have nothing to do with each other.
            let damped: [f32; SIDE] = std::array::from_fn(|lane| trend[lane] * DAMPING);
            let before: [f32; SIDE] = std::array::from_fn(|lane| level[lane] + damped[lane]);
            let error: [f32; SIDE] =
                std::array::from_fn(|lane| row[lane] - before[lane] - season[lane]);
            (0..SIDE).for_each(|lane| squares[lane] += error[lane] * error[lane]);
            (0..SIDE).for_each(|lane| level[lane] = before[lane] + of_level[lane] * error[lane]);
            (0..SIDE).for_each(|lane| trend[lane] = damped[lane] + of_trend[lane] * error[lane]);
            (0..SIDE).for_each(|lane| season[lane] += of_season[lane] * error[lane]);
            self.place = if self.place + 1 < self.season.len() { self.place + 1 } else { 0 };
        }
        (self.level, self.trend, self.squares) = (level, trend, squares);
    }

    fn state(&self, lane: usize) -> State {
        State {
            level: self.level[lane],
            trend: self.trend[lane],
            season: self.season.iter().map(|row| row[lane]).collect(),
            place: self.place,
        }
    }
}

/// The information criterion of these weights; infinite where there are too few steps.
fn criterion(weights: &Weights, known: Known<'_>, squares: f32) -> f32 {
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
    let counts = recent(known.counts);
    let mut state = begin(weights.season, counts, known.season);
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

fn begin(of_season: Option<f32>, counts: &[f32], season: usize) -> State {
    let first = &counts[..counts.len().min(season.max(6))];
    let level = first.iter().sum::<f32>() / first.len() as f32;
    let mut state = State { level, trend: 0.0, season: vec![0.0], place: 0 };
    let whole = counts.len() / season * season;
    if of_season.is_some() && whole > season {
        let mean = counts[..whole].iter().sum::<f32>() / whole as f32;
        let at = |place: usize| counts[..whole].iter().skip(place).step_by(season);
        let mean_at = |place| at(place).sum::<f32>() / (whole / season) as f32 - mean;
        state.season = (0..season).map(mean_at).collect();
    }
    state
}
