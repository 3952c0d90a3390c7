//! Whether a band that promises 80 or 95 % holds as much, asked in a way that counts cannot cheat.
//!
//! Counts are whole, so a band is hit on its very edge all the time: with edges counted in, a
//! forecast of "always nothing" covers 100 % of a silent function, with edges counted out 0 %.
//! Neither tells whether the band is right. So the count is spread over its own share of the
//! forecast distribution (the randomised probability integral transform of Czado, Gneiting
//! and Held, 2009), and what is counted is the part of that share which lies between the levels
//! of the band's edges. The draw is replaced by its expectation, so no chance is needed.

use crate::bands::{HIGH, LEVELS, LOW, MEDIAN, Quantiles};

/// A band about the median, by the places of its edges in [`LEVELS`].
pub type Band = [usize; 2];
/// From 10 to 90 %.
pub const BAND_80: Band = [LOW, HIGH];
/// From 2.5 to 97.5 %.
pub const BAND_95: Band = [0, LEVELS.len() - 1];

/// The share of `count` that lies inside of the 80 % band, 0 to 1.
pub fn share_inside(count: f32, quantiles: &Quantiles) -> f32 {
    share_within(count, quantiles, BAND_80)
}

/// The share of `count` that lies inside of a band, 0 to 1. The distribution runs straight between
/// quantiles, and a whole count reaches half a call to either side.
pub fn share_within(count: f32, quantiles: &Quantiles, band: Band) -> f32 {
    let (low, high) = (share_below(count - 0.5, quantiles), share_below(count + 0.5, quantiles));
    let [bottom, top] = band.map(|edge| LEVELS[edge]);
    if high - low <= f32::EPSILON {
        return if bottom <= low && low <= top { 1.0 } else { 0.0 };
    }
    ((high.min(top) - low.max(bottom)) / (high - low)).max(0.0)
}

/// The part of the count's own share that lies above the 80 % band, 0 to 1.
pub fn share_above(count: f32, quantiles: &Quantiles) -> f32 {
    share_beyond(count, quantiles, HIGH)
}

/// The part of the count's own share that lies below the 80 % band, 0 to 1.
pub fn share_beneath(count: f32, quantiles: &Quantiles) -> f32 {
    share_beyond(count, quantiles, LOW)
}

/// The part of the count's own share that lies beyond an edge of a band, by its place in [`LEVELS`],
/// 0 to 1.
pub fn share_beyond(count: f32, quantiles: &Quantiles, edge: usize) -> f32 {
    let (low, high) = (share_below(count - 0.5, quantiles), share_below(count + 0.5, quantiles));
    let level = LEVELS[edge];
    if edge < MEDIAN {
        if high - low <= f32::EPSILON {
            return f32::from(u8::from(high <= level));
        }
        ((high.min(level) - low) / (high - low)).max(0.0)
    } else {
        if high - low <= f32::EPSILON {
            return f32::from(u8::from(low >= level));
        }
        ((high - low.max(level)) / (high - low)).max(0.0)
    }
}

/// The share of the forecast distribution below `value`.
pub(crate) fn share_below(value: f32, quantiles: &Quantiles) -> f32 {
    let last = LEVELS.len() - 1;
    if value < quantiles[0] {
        let slope = (LEVELS[1] - LEVELS[0]) / (quantiles[1] - quantiles[0]).max(f32::EPSILON);
        return (LEVELS[0] - (quantiles[0] - value) * slope).max(0.0);
    }
    if value >= quantiles[last] {
        let width = (quantiles[last] - quantiles[last - 1]).max(f32::EPSILON);
        let slope = (LEVELS[last] - LEVELS[last - 1]) / width;
        return (LEVELS[last] + (value - quantiles[last]) * slope).min(1.0);
    }
    let next = quantiles.partition_point(|&quantile| quantile <= value);
    let (low, high) = (quantiles[next - 1], quantiles[next]);
    LEVELS[next - 1] + (LEVELS[next] - LEVELS[next - 1]) * (value - low) / (high - low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_count_in_part() {
        for (count, quantiles, expected) in [
            // Certain of nothing, and right: 80 % of it lies between 10 % and 90 %.
            (0.0, [0.0; 5], 0.8),
            (1.0, [0.0; 5], 0.0),
            // Nothing, or one call with 30 %.
            (0.0, [0.0, 0.0, 0.0, 1.0, 2.0], 0.6 / 0.7),
            (1.0, [0.0, 0.0, 0.0, 1.0, 2.0], 0.2 / 0.2375),
            (2.0, [0.0, 0.0, 0.0, 1.0, 2.0], 0.0),
            // Wide bands: edges hardly matter.
            (500.0, [100.0, 200.0, 500.0, 800.0, 900.0], 1.0),
            (150.0, [100.0, 200.0, 500.0, 800.0, 900.0], 0.0),
            (950.0, [100.0, 200.0, 500.0, 800.0, 900.0], 0.0),
        ] {
            let share = share_inside(count, &quantiles);
            assert!((share - expected).abs() < 1e-3, "{count} in {quantiles:?}: {share}");
        }
    }

    #[test]
    fn a_right_band_covers_what_it_promises() {
        // Uniform on 0..=9 and on 0..=999: the exact quantiles of both, all counts equally often.
        for (counts, quantiles) in [
            (10, [0.0, 0.5, 4.5, 8.5, 9.0].map(|quantile: f32| quantile)),
            (1000, [24.5, 99.5, 499.5, 899.5, 974.5]),
        ] {
            for (band, promised) in [(BAND_80, 0.8), (BAND_95, 0.95)] {
                let shares = (0..counts).map(|count| share_within(count as f32, &quantiles, band));
                let mean = shares.sum::<f32>() / counts as f32;
                assert!((mean - promised).abs() < 0.01, "{counts}: {mean}, not {promised}");
            }
        }
    }
}
