//! As much comes as came last; how far off that is, the changes of the last hours tell.

use crate::bands::{Forecast, quantiles_of};
use crate::local::rule::{Known, Rule};

/// Steps whose changes make the band.
const REACH: usize = 60;

/// Forecasts the last count.
#[derive(Debug, Clone, Copy)]
pub struct Naive;

impl Rule for Naive {
    fn forecast(&self, known: Known<'_>, horizon: usize) -> Forecast {
        let last = known.counts[known.counts.len() - 1];
        let recent = &known.counts[known.counts.len().saturating_sub(REACH)..];
        let steps = (1..=horizon).map(|ahead| {
            let pairs = recent.iter().zip(recent.iter().skip(ahead));
            let mut changes: Vec<f32> = pairs.map(|(before, after)| after - before).collect();
            quantiles_of(&mut changes).map(|change| last + change)
        });
        Forecast { steps: steps.collect() }
    }
}
