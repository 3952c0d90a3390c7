//! Large distances in few digits, and five quantiles of three: the outer ones lie as far beyond
//! as a bell curve has them.

use swell_wide::work::{Work, widely};

use crate::bands::Quantiles;
use crate::network::matrix::logarithm;

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

/// As [`rooted`], many at a time, to seven digits.
pub fn root(values: &mut [f32]) {
    widely(Rooting(values));
}

struct Rooting<'v>(&'v mut [f32]);

impl Work for Rooting<'_> {
    type Out = ();

    #[inline(always)]
    fn run<const WIDE: bool>(self) {
        for value in self.0 {
            let grown = value.abs() + (*value * *value + 1.0).sqrt();
            *value = logarithm(grown).copysign(*value);
        }
    }
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

    #[test]
    fn many_at_a_time_are_as_each_alone() {
        let mut values: Vec<f32> = (-900..900).map(|step| (step as f32 / 60.0).powi(5)).collect();
        values.push(-0.0);
        let alone: Vec<f32> = values.iter().map(|value| rooted(*value)).collect();
        root(&mut values);
        for (many, alone) in values.into_iter().zip(alone) {
            assert!((many - alone).abs() <= 4e-7 * alone.abs() + 1e-7, "{many}, not {alone}");
            assert_eq!(many.is_sign_negative(), alone.is_sign_negative());
        }
    }
}
