//! How calls follow other series: a ridge regression of what forecasts missed.
//!
//! What is explained is by how much, in parts of itself, a forecast missed what came. Each
//! function is shrunk towards what all functions together show, and that towards nothing; so a
//! series that explains nothing changes nothing. What is old fades.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::bands::{Forecast, MEDIAN, Quantiles};
use crate::checkpoint::{self, CheckpointError};
use crate::local::least_squares::solve_sums;

const KIND: &str = "regressors";
/// As how many examples the belief that nothing is explained counts, and the belief that a
/// function is like all.
const SHRINK: f64 = 50.0;
/// What an example counts after another one of its function.
const FADING: f64 = 0.9995;
/// Functions that have sums of their own, and numbers of an example.
const FUNCTIONS_MAX: usize = 20_000;
const WIDTH_MAX: usize = 32;
/// By how much a forecast is changed at most, in parts of itself.
const LEAST: f64 = -0.8;
const MOST: f64 = 4.0;
/// A single miss counts for no more.
const MISS_MAX: f64 = 5.0;

/// Sums of products, of which the lower half is kept row by row.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Sums {
    square: Vec<f64>,
    right: Vec<f64>,
}

/// What was learned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ridge {
    names: Vec<String>,
    width: usize,
    pooled: Sums,
    own: BTreeMap<String, Sums>,
}

impl Sums {
    fn new(width: usize) -> Self {
        Self { square: vec![0.0; width * (width + 1) / 2], right: vec![0.0; width] }
    }

    fn add(&mut self, inputs: &[f64], miss: f64, fading: f64) {
        let mut place = 0;
        for (row, input) in inputs.iter().enumerate() {
            self.right[row] = self.right[row] * fading + input * miss;
            for other in &inputs[..=row] {
                self.square[place] = self.square[place] * fading + input * other;
                place += 1;
            }
        }
    }

    /// The coefficients, shrunk towards some.
    fn solve(&self, towards: &[f64]) -> Vec<f64> {
        let width = self.right.len();
        let mut square = vec![vec![0.0; width]; width];
        let mut right = self.right.clone();
        let mut place = 0;
        for row in 0..width {
            square[row][..=row].copy_from_slice(&self.square[place..=place + row]);
            place += row + 1;
            square[row][row] += SHRINK;
            right[row] += SHRINK * towards[row];
        }
        solve_sums(square, right)
    }
}

impl Ridge {
    /// Nothing learned yet of series of these names, of which an example has `each` numbers a
    /// series; of too many the first are taken.
    pub fn new(names: &[&str], each: usize) -> Self {
        let most = WIDTH_MAX / each.max(1);
        let names: Vec<String> = names.iter().take(most).map(|name| name.to_string()).collect();
        let width = names.len() * each;
        Self { names, width, pooled: Sums::new(width), own: BTreeMap::new() }
    }

    /// Whether it is of series of these names.
    pub fn is_of(&self, names: &[&str]) -> bool {
        self.names.iter().map(String::as_str).eq(names.iter().copied())
    }

    /// Takes in what came of a step, beside what had been forecast without these series.
    pub fn learn(&mut self, function: &str, inputs: &[f64], plain: &Quantiles, came: f32) {
        let median = f64::from(plain[MEDIAN]);
        let miss = (f64::from(came) - median) / (median.max(0.0) + 1.0);
        let is_known = inputs.len() >= self.width && miss.is_finite();
        let inputs = &inputs[..self.width.min(inputs.len())];
        if !is_known || self.width == 0 || inputs.iter().any(|input| !input.is_finite()) {
            return;
        }
        let miss = miss.clamp(-MISS_MAX, MISS_MAX);
        self.pooled.add(inputs, miss, FADING);
        let is_new = !self.own.contains_key(function);
        if is_new && self.own.len() >= FUNCTIONS_MAX {
            return;
        }
        let width = self.width;
        let own = self.own.entry(function.to_string()).or_insert_with(|| Sums::new(width));
        own.add(inputs, miss, FADING);
    }

    /// The coefficients of a function: by how many parts of itself a forecast is changed for
    /// each deviation of each number.
    pub fn effects(&self, function: &str) -> Vec<f64> {
        let pooled = self.pooled.solve(&vec![0.0; self.width]);
        self.own.get(function).map_or_else(|| pooled.clone(), |own| own.solve(&pooled))
    }

    /// A forecast made without these series, changed by them: `inputs` gives the numbers of a
    /// step ahead. `most` is what can be served in a step.
    #[must_use]
    pub fn apply(
        &self,
        function: &str,
        mut forecast: Forecast,
        inputs: impl Fn(usize) -> Vec<f64>,
        most: f32,
    ) -> Forecast {
        if self.width == 0 {
            return forecast.sane(most, 0.0);
        }
        let effects = self.effects(function);
        for (ahead, quantiles) in forecast.steps.iter_mut().enumerate() {
            let inputs = inputs(ahead);
            let share: f64 =
                inputs.iter().zip(&effects).map(|(input, effect)| input * effect).sum();
            let share = if share.is_finite() { share.clamp(LEAST, MOST) } else { 0.0 };
            let moved = (share * (f64::from(quantiles[MEDIAN]).max(0.0) + 1.0)) as f32;
            // Counts to come are more certain the fewer they are.
            let times = if share < 0.0 { (1.0 + share).sqrt() as f32 } else { 1.0 };
            let median = quantiles[MEDIAN];
            for quantile in quantiles.iter_mut() {
                *quantile = median + moved + (*quantile - median) * times;
            }
        }
        forecast.sane(most, 0.0)
    }

    /// What was learned, as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        checkpoint::write(KIND, self)
    }

    /// What [`Ridge::to_bytes`] made these bytes of.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let read: Self = checkpoint::read(KIND, bytes)?;
        let width = read.width;
        let fits = |sums: &Sums| {
            let is_known = |number: &f64| number.is_finite();
            sums.right.len() == width
                && sums.square.len() == width * (width + 1) / 2
                && sums.right.iter().chain(&sums.square).all(is_known)
        };
        let is_plausible = width <= WIDTH_MAX
            && read.own.len() <= FUNCTIONS_MAX
            && fits(&read.pooled)
            && read.own.values().all(fits);
        if is_plausible { Ok(read) } else { Err(CheckpointError::Damaged) }
    }
}
