//! Bands that hold what they promise: widened or narrowed by how the past fell into them.
//!
//! When a model is fitted, each class and step ahead gets the factor by which its bands would
//! have been right (conformal prediction, in the measure of the band itself). Drift is followed
//! by the parts, which look at the last hours, and by `calibrate` around whoever forecasts.

use serde::{Deserialize, Serialize};

use crate::bands::{Forecast, HIGH, LEVELS, LOW, MEDIAN, Quantiles};

/// The edges of both bands, by their places in [`LEVELS`].
const EDGES: [usize; 4] = [0, LOW, HIGH, LEVELS.len() - 1];
/// An edge may be moved by this much, down and up.
const LEAST: f32 = 0.6;
const MOST: f32 = 2.5;

/// Factors of the edges of both bands, from the lowest to the highest.
pub type Sides = [f32; EDGES.len()];

/// The factors of one class, per step ahead.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Widths {
    steps: Vec<Sides>,
}

/// How far what came lay from the median, in distances of each edge; one is the edge. None where
/// the edge lies at the median.
fn reach(came: f32, quantiles: &Quantiles) -> [Option<f32>; EDGES.len()] {
    let median = quantiles[MEDIAN];
    EDGES.map(|edge| {
        let width = (quantiles[edge] - median).abs();
        let beyond = if edge < MEDIAN { median - came } else { came - median };
        (width >= 0.5).then(|| beyond.max(0.0) / width)
    })
}

impl Widths {
    /// The factors by which forecasts of these steps ahead would have been right; `seen` gives
    /// each step ahead with its forecast and what came.
    pub fn fit(seen: impl Iterator<Item = (usize, Quantiles, f32)>, horizon: usize) -> Self {
        let mut reaches: Vec<[Vec<f32>; EDGES.len()]> = vec![Default::default(); horizon];
        for (ahead, quantiles, came) in seen.filter(|(ahead, ..)| *ahead < horizon) {
            for (reaches, reach) in reaches[ahead].iter_mut().zip(reach(came, &quantiles)) {
                reaches.extend(reach);
            }
        }
        let factor = |reaches: &mut Vec<f32>, edge: usize| {
            if reaches.len() < 100 {
                return 1.0;
            }
            reaches.sort_unstable_by(f32::total_cmp);
            let promised = LEVELS[edge].max(1.0 - LEVELS[edge]);
            let level = promised * (reaches.len() + 1) as f32 / reaches.len() as f32;
            crate::bands::quantile_of_sorted(reaches, level).clamp(LEAST, MOST)
        };
        let steps = reaches.iter_mut().map(|reaches| {
            let mut edges = reaches.iter_mut().zip(EDGES);
            std::array::from_fn(|_| {
                edges.next().map_or(1.0, |(reaches, edge)| factor(reaches, edge))
            })
        });
        Self { steps: steps.collect() }
    }

    /// The factors of a step ahead; beyond what was fitted those of the last step.
    pub fn at(&self, ahead: usize) -> Sides {
        let last = self.steps.len().saturating_sub(1);
        self.steps.get(ahead.min(last)).copied().unwrap_or([1.0; EDGES.len()])
    }
}

/// Quantiles with the edges of their bands moved, no outer one inside of its inner one.
pub fn scaled(quantiles: &Quantiles, sides: Sides) -> Quantiles {
    let median = quantiles[MEDIAN];
    let mut out = *quantiles;
    for (edge, side) in EDGES.into_iter().zip(sides) {
        out[edge] = median + (quantiles[edge] - median) * side;
    }
    out[0] = out[0].min(out[LOW]);
    out[LEVELS.len() - 1] = out[LEVELS.len() - 1].max(out[HIGH]);
    out
}

/// Counts are whole: so are medians and upper edges, which size a pool. Half a call of noise
/// about a whole number is no knowledge. Known ones that are not whole were seen without what
/// occasions did to them: what is expected of those is multiplied before anybody counts with it.
pub fn whole(mut forecast: Forecast, known: &[f32]) -> Forecast {
    // Added to a small number and taken away again, it leaves the nearest whole one; larger ones
    // have nothing behind the point.
    const ROUNDING: f32 = 8_388_608.0;
    let is_part = |count: f32| count < ROUNDING && (count + ROUNDING) - ROUNDING != count;
    if known.iter().fold(false, |is_any, &count| is_any | is_part(count)) {
        return forecast;
    }
    for quantiles in &mut forecast.steps {
        for quantile in quantiles.iter_mut() {
            *quantile = quantile.round();
        }
    }
    forecast
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_too_narrow_is_widened_and_a_right_one_left() {
        let quantiles = [40.0, 45.0, 50.0, 55.0, 60.0];
        // What came lies evenly within so much of the median: nine tenths of what lies on
        // either side and on the other reach 0.8 of it upwards, and 0.975 of it 0.95.
        for (spread, inner, outer) in
            [(12.5, 2.0, 1.19), (6.25, 1.0, LEAST), (1.0, LEAST, LEAST), (90.0, MOST, MOST)]
        {
            let came = |turn: usize| 50.0 + spread * ((turn % 201) as f32 / 100.0 - 1.0);
            let seen = (0..2010).map(|turn| (0, quantiles, came(turn)));
            let found = Widths::fit(seen, 1).at(0);
            let expected = [outer, inner, inner, outer];
            let close =
                found.iter().zip(expected).all(|(side, factor)| (side - factor).abs() < 0.03);
            assert!(close, "{spread}: {found:?}");
            assert!(scaled(&quantiles, found).is_sorted(), "{spread}");
        }
        assert_eq!(Widths::fit(std::iter::empty(), 3).at(2), [1.0; 4]);
    }
}
