//! How much comes when something comes, over how long that takes (Croston, 1972), less the
//! bias that Syntetos and Boylan (2005) found in it. It does not notice when a function ends.

use crate::local::rule::{Known, PointRule};
use crate::smooth::level;

const WEIGHT: f32 = 0.1;

/// Forecasts size over interval.
#[derive(Debug, Clone, Copy)]
pub struct CrostonSba;

impl PointRule for CrostonSba {
    type Shape = ();

    fn shape(&self, _: Known<'_>) {}

    fn points(&self, (): &(), known: Known<'_>, horizon: usize) -> Vec<f32> {
        let calls = || known.counts.iter().enumerate().filter(|(_, count)| **count > 0.0);
        let size = level(calls().map(|(_, &count)| count), WEIGHT);
        let mut before = 0;
        let intervals = calls().map(|(step, _)| {
            let interval = step + 1 - before;
            before = step + 1;
            interval as f32
        });
        let interval = level(intervals, WEIGHT).max(1.0);
        vec![size / interval * (1.0 - WEIGHT / 2.0); horizon]
    }
}
