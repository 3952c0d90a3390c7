//! How likely something comes, times how much then (Teunter, Syntetos and Babai, 2011). The
//! chance fades while nothing comes, so a function that ended is let go.

use crate::local::rule::{Known, PointRule};
use crate::smooth::level;

const WEIGHT: f32 = 0.2;

/// Forecasts chance times size.
#[derive(Debug, Clone, Copy)]
pub struct Tsb;

impl PointRule for Tsb {
    type Shape = ();

    fn shape(&self, _: Known<'_>) {}

    fn points(&self, (): &(), known: Known<'_>, horizon: usize) -> Vec<f32> {
        let calls = known.counts.iter().copied();
        let chance = level(calls.clone().map(|count| f32::from(u8::from(count > 0.0))), WEIGHT);
        let size = level(calls.filter(|&count| count > 0.0), WEIGHT);
        vec![chance * size; horizon]
    }
}
