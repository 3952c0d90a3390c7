//! What is known of other series when a forecast is made, in numbers that compare.
//!
//! Of each series three: how far it stands, at the origin, from its mean over the last hour and
//! over the last four, because calls follow what already happened and models have seen the rest
//! in the calls; and how far it will be at the step from where it stands, which is nothing
//! unless its future is planned. All in its own deviations.

use crate::regressor::series::Regressor;

/// Steps that make the means a series is held against, and those that make its deviation: a
/// measure that changed with every quiet day would be none.
const USUAL: [usize; 2] = [12, 48];
const LONG: usize = 2016;
/// Steps that a value stands for those after it that were not sampled.
const HELD: usize = 12;
/// Deviations that are believed.
const FAR: f64 = 6.0;

/// Numbers per series.
pub const EACH: usize = 3;

/// The numbers of a step ahead of an origin. Nothing of the origin or later is used but of a
/// series that is planned; zero stands for what is not known.
pub fn inputs(regressors: &[Regressor], origin: usize, ahead: usize) -> Vec<f64> {
    regressors.iter().flat_map(|regressor| of_one(regressor, origin, ahead)).collect()
}

fn of_one(regressor: &Regressor, origin: usize, ahead: usize) -> [f64; EACH] {
    let known = &regressor.values[..origin.min(regressor.values.len())];
    let means = USUAL.map(|len| moments(&known[known.len().saturating_sub(len)..]).0);
    let (_, deviation) = moments(&known[known.len().saturating_sub(LONG)..]);
    let is_stale = known.len() + HELD < origin;
    let newest = known.iter().rev().take(HELD).find(|value| value.is_finite());
    let Some(now) = newest.filter(|_| !is_stale).map(|&value| f64::from(value)) else {
        return [0.0; EACH];
    };
    let deviation = deviation.max(1e-3 * means[1].abs()).max(1e-9);
    let planned = regressor.values.get(origin + ahead).filter(|_| regressor.is_planned);
    let then = planned.map(|&value| f64::from(value)).filter(|value| value.is_finite());
    let apart = |value: f64| (value / deviation).clamp(-FAR, FAR);
    let [short, long] = means.map(|mean| apart(now - mean));
    [short, long, then.map_or(0.0, |then| apart(then - now))]
}

/// The mean of what is known, and its standard deviation.
fn moments(values: &[f32]) -> (f64, f64) {
    let (mut sum, mut squares, mut len) = (0.0, 0.0, 0.0f64);
    for value in values.iter().filter(|value| value.is_finite()).map(|&value| f64::from(value)) {
        sum += value;
        squares += value * value;
        len += 1.0;
    }
    let mean = sum / len.max(1.0);
    (mean, (squares / len.max(1.0) - mean * mean).max(0.0).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regressor(values: Vec<f32>, is_planned: bool) -> Regressor {
        Regressor { name: "queue".to_string(), values, is_planned }
    }

    #[test]
    fn the_future_counts_only_where_it_is_planned() {
        let past: Vec<f32> = (0..60).map(|step| (step % 2) as f32).collect();
        let with = |future: f32, is_planned: bool| {
            let mut values = past.clone();
            values.resize(80, future);
            inputs(&[regressor(values, is_planned)], 60, 3)
        };
        assert_eq!(with(5.0, false), with(-900.0, false));
        assert_ne!(with(5.0, true), with(-900.0, true));
        assert_eq!(with(5.0, false), [1.0, 1.0, 0.0]);
        assert_eq!(with(f32::NAN, true), [1.0, 1.0, 0.0]);
        assert_eq!(with(2.0, true), [1.0, 1.0, 2.0]);
    }

    #[test]
    fn what_is_not_known_is_zero_and_nothing_is_far() {
        for values in [vec![], vec![f32::NAN; 70], vec![3.0; 20], vec![f32::INFINITY; 70]] {
            assert_eq!(inputs(&[regressor(values, true)], 60, 0), [0.0; 3]);
        }
        let mut values = vec![1.0; 60];
        values[59] = f32::MAX;
        let found = inputs(&[regressor(values, false)], 60, 0);
        assert!(found.iter().all(|number| number.abs() <= FAR), "{found:?}");
    }
}
