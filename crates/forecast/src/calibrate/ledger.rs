//! How well forecasts keep what they promise, per group of functions and step ahead.
//!
//! Kept are the share of counts inside the 80 % band, in the measure of `coverage`, and for "is
//! there any call?" the Brier score (Brier, 1950) with how often it was so when it was said to
//! be so likely. What is old fades, so the account is of now and takes the same room for ever.

use serde::{Deserialize, Serialize};

use crate::bands::Quantiles;
use crate::checkpoint::{self, CheckpointError};
use crate::coverage::{share_above, share_below, share_beneath, share_inside};

const KIND: &str = "coverage";
/// In how many parts likelihoods are told apart.
pub const BINS: usize = 10;

/// The account of one group at one step ahead. Sums fade.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
struct Cell {
    steps: f64,
    inside: f64,
    below: f64,
    above: f64,
    brier: f64,
    any: f64,
    bins: [[f64; 3]; BINS],
}

/// One bin of likelihoods: what was said, what came.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Reliability {
    /// The mean likelihood of a call that was said.
    pub said: f64,
    /// How often there was one.
    pub came: f64,
    /// Of how many steps, older ones counting less.
    pub steps: f64,
}

/// A row of the account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The group.
    pub group: usize,
    /// The step ahead, from zero; none: all.
    pub ahead: Option<usize>,
    /// Steps and functions behind it, older ones counting less.
    pub steps: f64,
    /// The share inside of the 80 % band.
    pub inside: f64,
    /// The share below it.
    pub below: f64,
    /// The share above it.
    pub above: f64,
    /// The mean squared error of the likelihood of any call; zero is best.
    pub brier: f64,
    /// The same for who always says how often there is one: above this, nothing is known.
    pub brier_base: f64,
    /// What was said of the likelihood of any call, beside how often it came.
    pub reliability: Vec<Reliability>,
}

/// The account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    cells: Vec<Vec<Cell>>,
    fading: f64,
}

/// The likelihood of any call.
pub fn chance_of_any(quantiles: &Quantiles) -> f32 {
    (1.0 - share_below(0.5, quantiles)).clamp(0.0, 1.0)
}

impl Ledger {
    /// An account of so many groups and steps ahead, in which what lies `half_life` steps back
    /// counts half.
    pub fn new(groups: usize, horizon: usize, half_life: f64) -> Self {
        let fading = 0.5f64.powf(1.0 / half_life.max(1.0));
        Self { cells: vec![vec![Cell::default(); horizon]; groups], fading }
    }

    /// A step is over: what was before counts less.
    pub fn fade(&mut self) {
        let fading = self.fading;
        self.cells.iter_mut().flatten().for_each(|cell| cell.scale(fading));
    }

    /// Adds a forecast that came true, `ahead` steps after it was made.
    pub fn add(&mut self, group: usize, ahead: usize, quantiles: &Quantiles, count: f32) {
        let is_known = count.is_finite() && quantiles.iter().all(|quantile| quantile.is_finite());
        let cell = self.cells.get_mut(group).and_then(|cells| cells.get_mut(ahead));
        let Some(cell) = cell.filter(|_| is_known) else { return };
        let said = f64::from(chance_of_any(quantiles));
        let any = if count > 0.0 { 1.0 } else { 0.0 };
        cell.steps += 1.0;
        cell.inside += f64::from(share_inside(count, quantiles));
        cell.below += f64::from(share_beneath(count, quantiles));
        cell.above += f64::from(share_above(count, quantiles));
        cell.brier += (said - any) * (said - any);
        cell.any += any;
        let bin = &mut cell.bins[((said * BINS as f64) as usize).min(BINS - 1)];
        *bin = [bin[0] + 1.0, bin[1] + said, bin[2] + any];
    }

    /// The account of a group at a step ahead, or at all.
    pub fn row(&self, group: usize, ahead: Option<usize>) -> Option<Row> {
        let cells = self.cells.get(group)?;
        let mut sum = Cell::default();
        for (_, cell) in cells.iter().enumerate().filter(|(of, _)| ahead.is_none_or(|a| a == *of)) {
            sum.add(cell);
        }
        if sum.steps < 1e-6 {
            return None;
        }
        let mean = |part: f64| part / sum.steps;
        let base = mean(sum.any);
        let reliability = sum.bins.iter().filter(|bin| bin[0] > 1e-6).map(|bin| Reliability {
            said: bin[1] / bin[0],
            came: bin[2] / bin[0],
            steps: bin[0],
        });
        Some(Row {
            group,
            ahead,
            steps: sum.steps,
            inside: mean(sum.inside),
            below: mean(sum.below),
            above: mean(sum.above),
            brier: mean(sum.brier),
            brier_base: base * (1.0 - base),
            reliability: reliability.collect(),
        })
    }

    /// The account, as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        checkpoint::write(KIND, self)
    }

    /// What [`Ledger::to_bytes`] made these bytes of.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let read: Self = checkpoint::read(KIND, bytes)?;
        let is_plausible = (0.0..=1.0).contains(&read.fading)
            && read
                .cells
                .iter()
                .flatten()
                .flat_map(Cell::numbers)
                .all(|number| number.is_finite() && number >= 0.0);
        if is_plausible { Ok(read) } else { Err(CheckpointError::Damaged) }
    }
}

impl Cell {
    fn numbers(&self) -> Vec<f64> {
        let sums = [self.steps, self.inside, self.below, self.above, self.brier, self.any];
        sums.into_iter().chain(self.bins.into_iter().flatten()).collect()
    }

    fn scale(&mut self, by: f64) {
        let sums = [
            &mut self.steps,
            &mut self.inside,
            &mut self.below,
            &mut self.above,
            &mut self.brier,
            &mut self.any,
        ];
        sums.into_iter().chain(self.bins.iter_mut().flatten()).for_each(|sum| *sum *= by);
    }

    fn add(&mut self, other: &Cell) {
        self.steps += other.steps;
        self.inside += other.inside;
        self.below += other.below;
        self.above += other.above;
        self.brier += other.brier;
        self.any += other.any;
        for (bin, other) in self.bins.iter_mut().zip(other.bins) {
            bin.iter_mut().zip(other).for_each(|(sum, other)| *sum += other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_is_held_against_what_came() {
        let mut ledger = Ledger::new(2, 3, 50.0);
        // One call with three in ten, and so it is.
        let quantiles = [0.0, 0.0, 0.0, 1.0, 2.0];
        for turn in 0..1000 {
            ledger.fade();
            ledger.add(1, 2, &quantiles, if turn % 10 < 3 { 1.0 } else { 0.0 });
            ledger.add(1, 2, &[f32::NAN; 5], 1.0);
            ledger.add(7, 2, &quantiles, 1.0);
        }
        let row = ledger.row(1, Some(2)).expect("it was told of steps");
        assert!((row.steps - 72.6).abs() < 0.5, "{row:?}");
        assert!((0.6..0.9).contains(&row.inside), "{row:?}");
        assert!((row.inside + row.below + row.above - 1.0).abs() < 1e-6, "{row:?}");
        let [bin] = &row.reliability[..] else { panic!("{row:?}") };
        assert!((bin.said - 0.3).abs() < 1e-3 && (bin.came - 0.3).abs() < 0.05, "{bin:?}");
        assert!((row.brier - row.brier_base).abs() < 0.01, "{row:?}");
        assert_eq!(ledger.row(1, None).map(|all| all.steps), Some(row.steps));
        assert_eq!((ledger.row(0, None), ledger.row(9, None)), (None, None));
        let bytes = ledger.to_bytes();
        assert_eq!(Ledger::from_bytes(&bytes), Ok(ledger));
        assert!(Ledger::from_bytes(&bytes[..bytes.len() - 1]).is_err());
    }
}
