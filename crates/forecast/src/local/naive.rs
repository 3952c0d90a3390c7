//! As much comes as came last; how far off that is, the changes of the last hours tell.

use crate::abreast::quantiles;
use crate::bands::Forecast;
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
        let lens: Vec<usize> =
            (1..=horizon).map(|ahead| recent.len().saturating_sub(ahead)).collect();
        let changes = quantiles(&lens, |list, place| recent[place + list + 1] - recent[place]);
        let steps = changes.into_iter().map(|changes| changes.map(|change| last + change));
        Forecast { steps: steps.collect() }
    }
}
