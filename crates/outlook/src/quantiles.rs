//! Sums of forecasts, and how likely a bar is passed.

use swell_core::council::entry::Band;
use swell_core::council::words::{UTILISATION_MAX_PPM, WHOLE_PPM};
use swell_forecast::bands::{HIGH, LEVELS, LOW, MEDIAN, Quantiles};
use swell_forecast::chance::normal_below;

/// How many standard deviations the 90 % quantile of a bell curve lies above its middle.
const DEVIATE: f32 = 1.281_6;

/// The sum of independent quantities: middles add up, and what lies below or above them adds up
/// as independent errors do, by squares.
pub fn sum(parts: impl Iterator<Item = Quantiles>) -> Quantiles {
    let mut middle = 0.0f32;
    let mut squares = [0.0f32; LEVELS.len()];
    for part in parts {
        middle += part[MEDIAN];
        for (square, quantile) in squares.iter_mut().zip(part) {
            *square += (quantile - part[MEDIAN]).powi(2);
        }
    }
    std::array::from_fn(|level| match level {
        _ if level < MEDIAN => (middle - squares[level].sqrt()).max(0.0),
        _ => middle + squares[level].sqrt(),
    })
}

/// Quantiles of a load as a band of a capacity; nothing where there is no capacity.
pub fn band(load: &Quantiles, capacity: u64) -> Option<Band> {
    let [low_ppm, middle_ppm, high_ppm] =
        [LOW, MEDIAN, HIGH].map(|level| share_ppm(load[level], capacity));
    Some(Band { low_ppm: low_ppm?, middle_ppm: middle_ppm?, high_ppm: high_ppm? })
}

/// A load as a share of a capacity, in parts per million; nothing where there is no capacity.
pub fn share_ppm(load: f32, capacity: u64) -> Option<u32> {
    let share = (capacity > 0).then(|| f64::from(load) / capacity as f64 * 1e6)?;
    Some((share.max(0.0) as u32).min(UTILISATION_MAX_PPM))
}

/// The chance that a quantity exceeds a bar: each half of its band is taken for half of a bell
/// curve of its own width.
pub fn chance_above(quantiles: &Quantiles, bar: f32) -> f32 {
    let middle = quantiles[MEDIAN];
    let width = if bar >= middle { quantiles[HIGH] - middle } else { middle - quantiles[LOW] };
    let spread = width / DEVIATE;
    if spread <= f32::EPSILON * middle.abs() {
        return if middle > bar { 1.0 } else { 0.0 };
    }
    1.0 - normal_below(f64::from((bar - middle) / spread)) as f32
}

/// The chance that what is left of a capacity is above the limit, both in parts per million. Where
/// nothing is left, it is for sure.
pub fn chance_of_overload(load: &Quantiles, capacity: u64, limit_ppm: u32, left_ppm: u32) -> f32 {
    if left_ppm == 0 {
        return 1.0;
    }
    let left = capacity as f32 * (left_ppm as f32 / WHOLE_PPM as f32);
    chance_above(load, left * (limit_ppm as f32 / WHOLE_PPM as f32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_narrower_than_their_parts_together() {
        let part = [60.0, 80.0, 100.0, 130.0, 140.0];
        let both = sum([part, part].into_iter());
        assert_eq!(both[MEDIAN], 200.0);
        assert!((both[HIGH] - 242.4).abs() < 0.1, "{both:?}");
        assert!((both[LOW] - 171.7).abs() < 0.1, "{both:?}");
        assert_eq!(sum(std::iter::empty()), [0.0; 5]);
    }

    #[test]
    fn bars_are_passed_as_often_as_quantiles_say() {
        let load = [60.0, 80.0, 100.0, 140.0, 160.0];
        for (bar, expected) in [(140.0, 0.1), (100.0, 0.5), (80.0, 0.9), (1_000.0, 0.0)] {
            let chance = chance_above(&load, bar);
            assert!((chance - expected).abs() < 0.01, "{bar}: {chance}");
        }
        for (left, expected) in [(WHOLE_PPM, 0.0), (500_000, 0.5), (0, 1.0)] {
            let chance = chance_of_overload(&load, 200, WHOLE_PPM, left);
            assert!((chance - expected).abs() < 0.01, "{left}: {chance}");
        }
        for (bar, expected) in [(6.0, 0.0), (4.0, 1.0)] {
            assert_eq!(chance_above(&[5.0; 5], bar), expected, "what is sure is sure");
        }
        let expected = Band { low_ppm: 400_000, middle_ppm: 500_000, high_ppm: 700_000 };
        assert_eq!(band(&load, 200), Some(expected));
        assert_eq!(band(&load, 0), None);
    }
}
