//! Large distances in few digits, and five quantiles of three: the outer ones lie as far beyond
//! as a bell curve has them.

use crate::bands::Quantiles;

/// How far the 2.5 % quantile lies from the median, in distances of the 10 % quantile.
const BEYOND: f32 = 1.53;

/// All levels from those of 10, 50 and 90 %, which are put in order.
pub fn spread(low: f32, median: f32, high: f32) -> Quantiles {
    let (low, high) = (low.min(median), high.max(median));
    [median - BEYOND * (median - low), low, median, high, median + BEYOND * (high - median)]
}

/// Large numbers in few digits, with their sign.
pub fn rooted(value: f32) -> f32 {
    (value.abs() + (value * value + 1.0).sqrt()).ln().copysign(value)
}

/// What [`rooted`] was made of.
pub fn unrooted(value: f32) -> f32 {
    let grown = value.abs().min(20.0).exp();
    ((grown - 1.0 / grown) / 2.0).copysign(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_come_back() {
        for value in [-1e6f32, -3.0, 0.0, 0.01, 7.0, 2e5] {
            let back = unrooted(rooted(value));
            assert!((back - value).abs() <= value.abs() * 1e-3 + 1e-5, "{value} became {back}");
        }
    }
}
