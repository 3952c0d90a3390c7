//! Five quantiles of three: the outer ones lie as far beyond as a bell curve has them.

use crate::bands::Quantiles;

/// How far the 2.5 % quantile lies from the median, in distances of the 10 % quantile.
const BEYOND: f32 = 1.53;

/// All levels from those of 10, 50 and 90 %, which are put in order.
pub fn spread(low: f32, median: f32, high: f32) -> Quantiles {
    let (low, high) = (low.min(median), high.max(median));
    [median - BEYOND * (median - low), low, median, high, median + BEYOND * (high - median)]
}
