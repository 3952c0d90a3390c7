//! What a forecast is: for each step ahead, five quantiles of the count.
//!
//! The median is the point forecast; the outer pairs are the 80 % and the 95 % band.
//!
//! Invariant: what [`Forecast::sane`] gave is finite, not negative, in order, and not larger
//! than what can be served, whatever a model came up with.

use serde::{Deserialize, Serialize};

/// The levels of the quantiles, in order.
pub const LEVELS: [f32; 5] = [0.025, 0.1, 0.5, 0.9, 0.975];

/// Where the median stands in [`LEVELS`].
pub const MEDIAN: usize = 2;
/// Where the 10 % quantile stands in [`LEVELS`].
pub const LOW: usize = 1;
/// Where the 90 % quantile stands in [`LEVELS`].
pub const HIGH: usize = 3;

/// The quantiles of one step, in the order of [`LEVELS`].
pub type Quantiles = [f32; LEVELS.len()];

/// Quantiles of the counts of one function, one row a step ahead.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Forecast {
    /// The rows; the first is the origin's own step.
    pub steps: Vec<Quantiles>,
}

impl Forecast {
    /// The same quantiles at every step.
    pub fn flat(quantiles: Quantiles, horizon: usize) -> Self {
        Self { steps: vec![quantiles; horizon] }
    }

    /// The same with everything mended that no count can be; `most` bounds it from above,
    /// `calm` takes the place of what is not a number.
    #[must_use]
    pub fn sane(mut self, most: f32, calm: f32) -> Self {
        let most = if most.is_nan() { f32::MAX } else { most.clamp(0.0, f32::MAX) };
        let calm = if calm.is_finite() { calm } else { 0.0 };
        for quantiles in &mut self.steps {
            if quantiles[MEDIAN].is_nan() {
                quantiles[MEDIAN] = calm;
            }
            let median = quantiles[MEDIAN];
            for quantile in quantiles.iter_mut() {
                let number = if quantile.is_nan() { median } else { *quantile };
                *quantile = number.clamp(0.0, most);
            }
            let median = quantiles[MEDIAN];
            quantiles[LOW] = quantiles[LOW].min(median);
            quantiles[0] = quantiles[0].min(quantiles[LOW]);
            quantiles[HIGH] = quantiles[HIGH].max(median);
            quantiles[4] = quantiles[4].max(quantiles[HIGH]);
        }
        self
    }
}

/// The value below which a share `level` of `sorted` lies, between neighbours by distance.
/// Zero of nothing.
pub fn quantile_of_sorted(sorted: &[f32], level: f32) -> f32 {
    quantile_of_ranks(sorted.len(), level, |rank| sorted[rank])
}

/// The same of `len` values, of which `at` tells the one of each rank.
pub fn quantile_of_ranks(len: usize, level: f32, at: impl Fn(usize) -> f32) -> f32 {
    let Some(last) = len.checked_sub(1) else { return 0.0 };
    let place = f64::from(level.clamp(0.0, 1.0)) * last as f64;
    let (low, share) = whole_and_part(place);
    let (value, next) = (at(low), at((low + 1).min(last)));
    value + (next - value) * share
}

/// A place that is not negative as a whole one and what is beyond it. To cut is one instruction on
/// every processor, to round down is not.
fn whole_and_part(place: f64) -> (usize, f32) {
    let whole = place as usize;
    (whole, (place - whole as f64) as f32)
}

/// As [`quantile_of_sorted`], of values in any order, which is changed.
pub fn quantile_of(values: &mut [f32], level: f32) -> f32 {
    let Some(last) = values.len().checked_sub(1) else { return 0.0 };
    let place = f64::from(level.clamp(0.0, 1.0)) * last as f64;
    let (low, share) = whole_and_part(place);
    let (_, &mut at, above) = values.select_nth_unstable_by(low, f32::total_cmp);
    let next = above.iter().copied().min_by(f32::total_cmp).unwrap_or(at);
    at + (next - at) * share
}

/// The value below which a share `level` lies, between quantiles by distance; beyond them the
/// outermost.
pub fn quantile_of_levels(quantiles: &Quantiles, level: f32) -> f32 {
    let next = LEVELS.partition_point(|&known| known <= level);
    if next == 0 || next == LEVELS.len() {
        return quantiles[next.saturating_sub(1)];
    }
    let share = (level - LEVELS[next - 1]) / (LEVELS[next] - LEVELS[next - 1]);
    quantiles[next - 1] + (quantiles[next] - quantiles[next - 1]) * share
}

/// From so many values on not all are brought in order.
const MANY: usize = 64;

/// All [`LEVELS`] of some values; their order is changed.
pub fn quantiles_of(values: &mut [f32]) -> Quantiles {
    if values.len() < MANY {
        values.sort_unstable_by(f32::total_cmp);
    } else {
        let last = (values.len() - 1) as f64;
        let mut ranks = [0; 2 * LEVELS.len()];
        for (ranks, level) in ranks.chunks_exact_mut(2).zip(LEVELS) {
            let low = (f64::from(level) * last) as usize;
            ranks.copy_from_slice(&[low, low + 1]);
        }
        settle(values, 0, &ranks);
    }
    LEVELS.map(|level| quantile_of_sorted(values, level))
}

/// Brings those of some values that have these ranks to where sorting would bring them; `first` is
/// the rank of the least.
fn settle(values: &mut [f32], first: usize, ranks: &[usize]) {
    let half = ranks.len() / 2;
    let Some(rank) = ranks.get(half) else { return };
    let (below, _, above) = values.select_nth_unstable_by(rank - first, f32::total_cmp);
    settle(below, first, &ranks[..half]);
    settle(above, rank + 1, &ranks[half + 1..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_forecast_is_wild() {
        let (nan, inf) = (f32::NAN, f32::INFINITY);
        for (quantiles, expected) in [
            ([1.0, 2.0, 3.0, 4.0, 5.0], [1.0, 2.0, 3.0, 4.0, 5.0]),
            ([-9.0, -1.0, 3.0, 2.0, 1.0], [0.0, 0.0, 3.0, 3.0, 3.0]),
            ([nan, nan, nan, nan, nan], [7.0; 5]),
            ([-inf, 1.0, 2.0, inf, inf], [0.0, 1.0, 2.0, 50.0, 50.0]),
        ] {
            let forecast = Forecast::flat(quantiles, 1).sane(50.0, 7.0);
            assert_eq!(forecast.steps, [expected], "{quantiles:?}");
        }
        assert_eq!(Forecast::flat([inf; 5], 1).sane(nan, nan).steps, [[f32::MAX; 5]]);
    }

    #[test]
    fn quantiles_lie_between_neighbours() {
        for (sorted, level, expected) in [
            (&[][..], 0.5, 0.0),
            (&[4.0][..], 0.9, 4.0),
            (&[0.0, 10.0][..], 0.25, 2.5),
            (&[1.0, 2.0, 3.0, 4.0][..], 0.5, 2.5),
        ] {
            assert_eq!(quantile_of_sorted(sorted, level), expected);
            let mut turned: Vec<f32> = sorted.iter().rev().copied().collect();
            assert_eq!(quantile_of(&mut turned, level), expected);
        }
    }

    #[test]
    fn quantiles_are_those_of_sorted_values() {
        for len in (0..140).chain([288, 577]) {
            let mixed = |coarse: usize| (0..len).map(move |at| (at * 7919 % 1009 / coarse) as f32);
            for mut values in [1, 5, 300, 2000].map(|coarse| mixed(coarse).collect::<Vec<f32>>()) {
                let mut sorted = values.clone();
                sorted.sort_unstable_by(f32::total_cmp);
                let expected = LEVELS.map(|level| quantile_of_sorted(&sorted, level));
                assert_eq!(quantiles_of(&mut values), expected, "{len}");
            }
        }
    }
}
