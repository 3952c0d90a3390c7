//! When, not how many: how long this function rested before, given that it has rested so long
//! (the idle-time histogram of Shahrad and others, 2020), times how much comes when something
//! comes.

use crate::bands::{Forecast, LEVELS, quantile_of_sorted};
use crate::local::rule::{Known, Rule};
use crate::renewals::{Renewals, steps_with_calls};

/// Forecasts from idle times.
#[derive(Debug, Clone, Copy)]
pub struct IdleHistogram;

/// So many of the last calls tell how much comes.
const SIZES: usize = 48;

impl Rule for IdleHistogram {
    fn forecast(&self, known: Known<'_>, horizon: usize) -> Forecast {
        let forecasts = self.forecasts(known, &[known.counts.len()], horizon);
        forecasts.into_iter().next().expect("one end, one forecast")
    }

    fn forecasts(&self, known: Known<'_>, ends: &[usize], horizon: usize) -> Vec<Forecast> {
        let mut calls = vec![0; known.counts.len()];
        let calls = steps_with_calls(known.counts, &mut calls);
        let mut in_order: Vec<usize> = (0..ends.len()).collect();
        in_order.sort_unstable_by_key(|&place| ends[place]);
        let mut forecasts = vec![Forecast::default(); ends.len()];
        let (mut renewals, mut told) = (Renewals::default(), 0);
        for place in in_order {
            let end = ends[place];
            let before = told + calls[told..].partition_point(|&call| (call as usize) < end);
            renewals.tell(&calls[told..before]);
            told = before;
            let sizes = calls[told.saturating_sub(SIZES)..told].iter();
            let mut sizes: Vec<f32> = sizes.map(|&step| known.counts[step as usize]).collect();
            sizes.sort_unstable_by(f32::total_cmp);
            let steps = renewals.chances(end, horizon).into_iter().map(|chance| {
                LEVELS.map(|level| match level + chance - 1.0 {
                    ..=0.0 => 0.0,
                    over => quantile_of_sorted(&sizes, over / chance),
                })
            });
            forecasts[place] = Forecast { steps: steps.collect() };
        }
        forecasts
    }
}
