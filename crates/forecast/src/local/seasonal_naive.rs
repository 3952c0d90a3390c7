//! As much comes as came at the same place of the last season: what nobody may do worse than
//! for long.

use crate::bands::{Forecast, quantiles_of};
use crate::local::rule::{Known, Rule};

/// Forecasts the count one season earlier.
#[derive(Debug, Clone, Copy)]
pub struct SeasonalNaive;

impl Rule for SeasonalNaive {
    fn forecast(&self, known: Known<'_>, horizon: usize) -> Forecast {
        let Known { counts, season, .. } = known;
        let season = season.clamp(1, counts.len());
        let reach = season.max(48);
        let pairs = counts.iter().zip(&counts[season..]);
        let mut changes: Vec<f32> = pairs.map(|(before, after)| after - before).collect();
        let skipped = changes.len().saturating_sub(reach);
        let spread = quantiles_of(&mut changes[skipped..]);
        let steps = (0..horizon).map(|ahead| {
            let base = counts[counts.len() - season + ahead % season];
            spread.map(|change| base + change)
        });
        Forecast { steps: steps.collect() }
    }
}
