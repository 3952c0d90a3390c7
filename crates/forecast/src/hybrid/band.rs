//! Bands that hold what they promise: widened or narrowed by how the past fell into them.
//!
//! When a model is fitted, each class and step ahead gets the factor by which its bands would
//! have been right (conformal prediction, in the measure of the band itself). Drift is followed
//! by the parts, which look at the last hours, and by `calibrate` around whoever forecasts.

use serde::{Deserialize, Serialize};

use crate::bands::{Forecast, HIGH, LEVELS, LOW, MEDIAN, Quantiles};
use crate::coverage::share_beyond;

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

/// So many counts are enough to set an edge by.
const ENOUGH: usize = 100;
/// And no more of a step ahead are looked at, evenly over all.
const LOOKED_AT: usize = 4000;
/// How often the place of a factor is halved: to less than a hundredth.
const HALVED: usize = 8;

/// What was said of a step, and what came.
type Outcome = (Quantiles, f32);

/// The share of what came that lies beyond an edge, were edges moved by these factors: each count
/// spread over its own share, as coverage is measured, and edges whole where counts are.
fn beyond<'o>(outcomes: impl Iterator<Item = &'o Outcome>, edge: usize, sides: Sides) -> f32 {
    let (mut sum, mut len) = (0.0, 0.0);
    for (quantiles, came) in outcomes {
        let mut moved = scaled(quantiles, sides).map(|quantile| quantile.max(0.0));
        if came.fract() == 0.0 {
            moved = moved.map(f32::round);
        }
        sum += share_beyond(*came, &moved, EDGES[edge]);
        len += 1.0f32;
    }
    sum / len.max(1.0)
}

/// The factor by which an edge would have been right, the others moved by `sides`; none where too
/// few edges lay beside their median to tell.
fn right(outcomes: &[Vec<Outcome>], edge: usize, mut sides: Sides) -> Option<f32> {
    let is_apart =
        |(quantiles, _): &&Outcome| (quantiles[EDGES[edge]] - quantiles[MEDIAN]).abs() >= 0.5;
    let apart: Vec<&Outcome> = outcomes.iter().flatten().filter(is_apart).collect();
    if apart.len() < ENOUGH {
        return None;
    }
    let every = apart.len().div_ceil(LOOKED_AT);
    let level = LEVELS[EDGES[edge]];
    let promised = level.max(1.0 - level) * (apart.len() + 1) as f32 / apart.len() as f32;
    let mut is_enough = |factor: f32| {
        sides[edge] = factor;
        beyond(apart.iter().copied().step_by(every), edge, sides) <= 1.0 - promised
    };
    let (mut least, mut most) = (LEAST, MOST);
    if is_enough(least) {
        return Some(least);
    }
    for _ in 0..HALVED {
        let middle = (least * most).sqrt();
        if is_enough(middle) {
            most = middle;
        } else {
            least = middle;
        }
    }
    Some(most)
}

/// The factors of all edges, of each of which so much is taken; where too few counts tell, those
/// that `usual` has.
fn sides(outcomes: &[Vec<Outcome>], usual: Sides, taken: Sides) -> Sides {
    let (mut sides, mut moved) = (usual, [1.0; EDGES.len()]);
    // The inner ones first: the outer ones lie beyond them.
    for edge in [1, 2, 0, 3] {
        sides[edge] = right(outcomes, edge, moved).unwrap_or(usual[edge]);
        moved[edge] = sides[edge].powf(taken[edge]);
    }
    sides
}

impl Widths {
    /// The factors by which forecasts of these steps ahead would have been right; `seen` gives
    /// each step ahead with its forecast and what came. A step of which too few are known is taken
    /// for like all others together. Of inner edges so much is `taken` as the outer ones are to fit.
    pub fn fit(
        seen: impl Iterator<Item = (usize, Quantiles, f32)>,
        horizon: usize,
        taken: Sides,
    ) -> Self {
        let mut outcomes: Vec<Vec<Outcome>> = vec![Vec::new(); horizon];
        for (ahead, quantiles, came) in seen.filter(|(ahead, ..)| *ahead < horizon) {
            outcomes[ahead].push((quantiles, came));
        }
        let usual = sides(&outcomes, [1.0; EDGES.len()], taken);
        Self { steps: outcomes.chunks(1).map(|of_step| sides(of_step, usual, taken)).collect() }
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
        let quantiles = [4000.0, 4500.0, 5000.0, 5500.0, 6000.0];
        // What came lies evenly within so much of the median: nine tenths of what lies on
        // either side and on the other reach 0.8 of it upwards, and 0.975 of it 0.95.
        for (spread, inner, outer) in
            [(1250.0, 2.0, 1.19), (625.0, 1.0, LEAST), (100.0, LEAST, LEAST), (9000.0, MOST, MOST)]
        {
            let came = |turn: usize| 5000.0 + spread * ((turn % 201) as f32 / 100.0 - 1.0);
            let seen = (0..2010).map(|turn| (0, quantiles, came(turn)));
            let found = Widths::fit(seen, 1, [1.0; 4]).at(0);
            let expected = [outer, inner, inner, outer];
            let close =
                found.iter().zip(expected).all(|(side, factor)| (side - factor).abs() < 0.03);
            assert!(close, "{spread}: {found:?}");
            assert!(scaled(&quantiles, found).is_sorted(), "{spread}");
        }
        assert_eq!(Widths::fit(std::iter::empty(), 3, [1.0; 4]).at(2), [1.0; 4]);
    }

    #[test]
    fn edges_of_small_counts_hold_what_is_measured_of_them() {
        // Evenly 0 to 9, of which is said that eight of ten lie from 2 to 7.
        let quantiles = [1.0, 2.0, 4.5, 7.0, 8.0];
        let came = |turn: usize| (turn * 7919 % 10) as f32;
        let seen = (0..2000).map(|turn| (turn % 3, quantiles, came(turn)));
        let fitted = Widths::fit(seen, 3, [1.0; 4]);
        let held = |sides: Sides, edge: usize| {
            let moved = scaled(&quantiles, sides).map(|quantile| quantile.max(0.0).round());
            (0..2000).map(|turn| share_beyond(came(turn), &moved, edge)).sum::<f32>() / 2000.0
        };
        for edge in [LOW, HIGH] {
            assert!(held([1.0; 4], edge) > 0.2, "{edge}: {}", held([1.0; 4], edge));
            let beyond = held(fitted.at(1), edge);
            assert!((0.02..=0.1).contains(&beyond), "{edge}: {beyond} with {:?}", fitted.at(1));
        }
    }

    #[test]
    fn steps_of_which_little_is_known_are_like_the_others_together() {
        let quantiles = [4000.0, 4500.0, 5000.0, 5500.0, 6000.0];
        let came = |turn: usize| 5000.0 + 1250.0 * ((turn % 201) as f32 / 100.0 - 1.0);
        let seen = (0..603).map(|turn| (turn % 12, quantiles, came(turn)));
        let fitted = Widths::fit(seen, 12, [1.0; 4]);
        for ahead in 0..12 {
            assert_eq!(fitted.at(ahead), fitted.at(0));
        }
        assert!((fitted.at(0)[1] - 2.0).abs() < 0.1, "{:?}", fitted.at(0));
    }
}
