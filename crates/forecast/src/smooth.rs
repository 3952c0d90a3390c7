//! Simple exponential smoothing, the step under half of the classical methods.

use std::borrow::Cow;
use std::ops::Range;

/// The level after the last value, starting from the first. Zero of nothing.
pub fn level(values: impl IntoIterator<Item = f32>, weight: f32) -> f32 {
    let mut values = values.into_iter();
    let first = values.next().unwrap_or(0.0);
    values.fold(first, |level, value| level + weight * (value - level))
}

/// The sum of squared one-step errors of smoothing with this weight.
fn squares(values: &[f32], weight: f32) -> f32 {
    let Some((&first, rest)) = values.split_first() else { return 0.0 };
    let mut level = first;
    let mut squares = 0.0;
    for &value in rest {
        squares += (value - level) * (value - level);
        level += weight * (value - level);
    }
    squares
}

/// The share of a golden section.
const RATIO: f32 = 0.618_034;
/// Sections.
const SECTIONS: usize = 12;

/// The weight between `low` and `high` with the least squared one-step error, by golden
/// section.
pub fn best_weight(values: &[f32], low: f32, high: f32) -> f32 {
    let (mut low, mut high) = (low, high);
    let (mut left, mut right) = (high - RATIO * (high - low), low + RATIO * (high - low));
    let (mut at_left, mut at_right) = (squares(values, left), squares(values, right));
    for _ in 0..SECTIONS {
        if at_left < at_right {
            (high, right, at_right) = (right, left, at_left);
            left = high - RATIO * (high - low);
            at_left = squares(values, left);
        } else {
            (low, left, at_left) = (left, right, at_right);
            right = low + RATIO * (high - low);
            at_right = squares(values, right);
        }
    }
    (low + high) / 2.0
}

/// Series that stand side by side.
pub const SIDE: usize = 16;
/// Rows that are filled at a time: so many stay in the nearest cache until all series are in them.
const NEAR: usize = 64;

/// Several series, to be smoothed side by side: each step waits for the one before, and a
/// processor does the same step of many in that time. The numbers are those that each series
/// gives alone.
#[derive(Debug)]
pub struct Abreast<'r> {
    rows: Cow<'r, [[f32; SIDE]]>,
    lens: [usize; SIDE],
    /// The lengths that there are, ascending.
    ends: Vec<usize>,
}

impl Abreast<'_> {
    /// At most [`SIDE`] series.
    pub fn of<S: AsRef<[f32]>>(series: &[S]) -> Self {
        let mut lens = [0; SIDE];
        lens.iter_mut().zip(series).for_each(|(len, series)| *len = series.as_ref().len());
        let mut rows = vec![[0.0; SIDE]; lens.into_iter().max().unwrap_or(0)];
        for (turn, rows) in rows.chunks_mut(NEAR).enumerate() {
            for (lane, series) in series.iter().enumerate().take(SIDE) {
                let values = series.as_ref().get(turn * NEAR..).unwrap_or_default();
                rows.iter_mut().zip(values).for_each(|(row, value)| row[lane] = *value);
            }
        }
        let mut ends = lens.to_vec();
        ends.sort_unstable();
        ends.dedup();
        Self { rows: Cow::Owned(rows), lens, ends }
    }

    /// A part of each of [`SIDE`] series, none of which ends before it does.
    pub fn part(&self, steps: Range<usize>) -> Abreast<'_> {
        let (rows, len) = (&self.rows[steps.clone()], steps.len());
        Abreast { rows: Cow::Borrowed(rows), lens: [len; SIDE], ends: vec![len] }
    }

    /// The values, row by row, up to each place where series end, and which of them do.
    pub fn stretches(&self) -> impl Iterator<Item = (&[[f32; SIDE]], impl Iterator<Item = usize>)> {
        let begins = std::iter::once(&0).chain(&self.ends);
        begins.zip(&self.ends).map(move |(&begin, &end)| {
            let ended = (0..SIDE).filter(move |&lane| self.lens[lane] == end);
            (&self.rows[begin..end], ended)
        })
    }

    /// The level of each after its last value, starting from its first, and the sum of its
    /// squared one-step errors.
    fn smoothed(&self, weights: [f32; SIDE]) -> [[f32; SIDE]; 2] {
        // From its first value, a series is off by nothing.
        let mut level = self.rows.first().copied().unwrap_or_default();
        let (mut squares, mut last) = ([0.0f32; SIDE], [[0.0f32; SIDE]; 2]);
        for (rows, ended) in self.stretches() {
            for row in rows {
                // Loop by loop, so that compilers see that lanes have nothing to do with each other.
                let error: [f32; SIDE] = std::array::from_fn(|lane| row[lane] - level[lane]);
                (0..SIDE).for_each(|lane| squares[lane] += error[lane] * error[lane]);
                (0..SIDE).for_each(|lane| level[lane] += weights[lane] * error[lane]);
            }
            for lane in ended.filter(|&lane| self.lens[lane] > 0) {
                (last[0][lane], last[1][lane]) = (level[lane], squares[lane]);
            }
        }
        last
    }

    /// As [`level`], of each.
    pub fn levels(&self, weights: [f32; SIDE]) -> [f32; SIDE] {
        self.smoothed(weights)[0]
    }

    /// As [`best_weight`], of each.
    pub fn best_weights(&self, low: f32, high: f32) -> [f32; SIDE] {
        let squares = |weights| self.smoothed(weights)[1];
        let (mut low, mut high) = ([low; SIDE], [high; SIDE]);
        let inner = |low: f32, high: f32| (high - RATIO * (high - low), low + RATIO * (high - low));
        let mut left = std::array::from_fn(|lane| inner(low[lane], high[lane]).0);
        let mut right = std::array::from_fn(|lane| inner(low[lane], high[lane]).1);
        let (mut at_left, mut at_right) = (squares(left), squares(right));
        for _ in 0..SECTIONS {
            let is_left: [bool; SIDE] = std::array::from_fn(|lane| at_left[lane] < at_right[lane]);
            for lane in 0..SIDE {
                if is_left[lane] {
                    (high[lane], right[lane], at_right[lane]) =
                        (right[lane], left[lane], at_left[lane]);
                    left[lane] = inner(low[lane], high[lane]).0;
                } else {
                    (low[lane], left[lane], at_left[lane]) =
                        (left[lane], right[lane], at_right[lane]);
                    right[lane] = inner(low[lane], high[lane]).1;
                }
            }
            let asked = std::array::from_fn(|lane| match is_left[lane] {
                true => left[lane],
                false => right[lane],
            });
            for (lane, square) in squares(asked).into_iter().enumerate() {
                match is_left[lane] {
                    true => at_left[lane] = square,
                    false => at_right[lane] = square,
                }
            }
        }
        std::array::from_fn(|lane| (low[lane] + high[lane]) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_follow_and_weights_fit() {
        assert_eq!(level([4.0, 8.0, 8.0], 0.5), 7.0);
        assert_eq!(level([], 0.5), 0.0);
        let calm: Vec<f32> = (0..200u32).map(|step| 10.0 + (step * 7919 % 5) as f32).collect();
        let walk: Vec<f32> = (0..200).map(|step: i32| (step / 20 * 50) as f32).collect();
        assert!(best_weight(&calm, 0.01, 0.99) < 0.2);
        assert!(best_weight(&walk, 0.01, 0.99) > 0.8);
    }

    #[test]
    fn series_abreast_are_smoothed_as_each_alone() {
        let value = |place: usize| (place * 7919 % 23) as f32 * 1.7;
        let all: Vec<f32> = (0..300).map(value).collect();
        for lens in [vec![], vec![0], vec![1], vec![300, 0, 288, 5, 5, 1, 299, 2, 120, 7, 60, 300]]
        {
            let series: Vec<&[f32]> = lens.iter().map(|&len| &all[300 - len..]).collect();
            let abreast = Abreast::of(&series);
            let weights = abreast.best_weights(0.01, 0.99);
            let levels = abreast.levels(weights);
            for (lane, series) in series.into_iter().enumerate() {
                assert_eq!(weights[lane], best_weight(series, 0.01, 0.99), "{}", series.len());
                let alone = level(series.iter().copied(), weights[lane]);
                assert_eq!(levels[lane], alone, "{}", series.len());
            }
        }
    }
}
