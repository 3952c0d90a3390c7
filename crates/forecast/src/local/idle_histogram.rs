//! When, not how many: how long this function rested before, given that it has rested so long
//! (the idle-time histogram of Shahrad and others, 2020), times how much comes when something
//! comes.

use crate::bands::{Forecast, LEVELS, quantile_of_sorted};
use crate::local::rule::{Known, Rule};
use crate::renewals::chances;

/// Forecasts from idle times.
#[derive(Debug, Clone, Copy)]
pub struct IdleHistogram;

impl Rule for IdleHistogram {
    fn forecast(&self, known: Known<'_>, horizon: usize) -> Forecast {
        let calls: Vec<usize> = steps_with_calls(known.counts);
        let mut sizes: Vec<f32> = calls.iter().map(|&step| known.counts[step]).collect();
        sizes.drain(..sizes.len().saturating_sub(48));
        sizes.sort_unstable_by(f32::total_cmp);
        let chances = chances(&calls, known.counts.len(), horizon);
        let steps = chances.iter().map(|&chance| {
            LEVELS.map(|level| match level + chance - 1.0 {
                ..=0.0 => 0.0,
                over => quantile_of_sorted(&sizes, over / chance),
            })
        });
        Forecast { steps: steps.collect() }
    }
}

fn steps_with_calls(counts: &[f32]) -> Vec<usize> {
    (0..counts.len()).filter(|&step| counts[step] > 0.0).collect()
}
