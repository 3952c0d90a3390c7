//! One group of functions at one step ahead: where recent counts lay about their medians, and
//! how large a share of them may lie outside.
//!
//! This is adaptive conformal inference (Gibbs and Candès, 2021): the edges are quantiles of
//! recent scores, and the share that is left outside is one running number, lowered by what
//! missed and raised by what did not. However demand drifts, the mean share of misses goes to
//! what was promised; the window of scores does most of the following, the number the rest.
//! Both bands have a number of their own: how wide one must be tells little of the other's tails.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::bands::{HIGH, LEVELS, LOW, MEDIAN, Quantiles};
use crate::coverage::{BAND_80, BAND_95, Band, share_above, share_within};

/// Outside of the 80 % band.
pub const OUTSIDE: f32 = 0.2;
/// The bands, the inner one first.
const BANDS: [Band; 2] = [BAND_80, BAND_95];
/// The share that each promises to leave outside.
const PROMISED: [f32; 2] = [OUTSIDE, 0.05];
/// How fast the running number follows, with new scores and without.
const PACE: f32 = 0.03;
const PACE_ALONE: f32 = 0.06;
/// What the running number may be, as a part and as a multiple of what is promised.
const OUTSIDE_MIN: f32 = 0.025;
const OUTSIDE_MAX: f32 = 4.0;
/// Scores that are kept, and how many are needed before they are believed.
const KEPT: usize = 1800;
const NEEDED: usize = 60;
/// Added to the width of a side: where a forecast is sure, half a call is its measure.
const HALF: f32 = 0.5;
/// A count is spread over so much to either side of it, so that ties do not decide.
const SPREAD: [f32; 3] = [-0.33, 0.0, 0.33];
/// How fast what is usual follows, and the most that a function counts in it.
const USUAL_PACE: f32 = 0.005;
const SHARE_MAX: f32 = 10.0;
/// How fast the account of the model's own bands follows, per step of a group.
const PLAIN_PACE: f32 = 0.08;
/// So far beside what was promised its own bands may be and are left alone, each; from twice as far
/// on they are replaced.
const GRACE: [f32; 2] = [0.015, 0.0075];
/// A step of which a larger share than this lay above, of at least so many functions, is one rise
/// of all demand, not a surprise of each.
const RISE: f32 = 0.5;
const TOGETHER: usize = 10;
/// For so many steps a model may miss a rise and still be taken to notice.
const NOTICED: usize = 1;
/// No edge is moved further, in widths of its side.
const FAR: f32 = 200.0;

/// Scores of a group at one step ahead.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stream {
    /// The share that is left outside of each band.
    outside: [f32; 2],
    /// The share that lay outside of the model's own bands.
    plain: [f32; 2],
    /// How much the distances of functions add to the widths of their bands, usually.
    usual: Sides,
    scores: [VecDeque<f32>; 2],
    /// For how many steps most counts lay above their bands.
    #[serde(skip)]
    risen: usize,
    #[serde(skip)]
    edges: Option<[[f32; 2]; 2]>,
}

impl Default for Stream {
    fn default() -> Self {
        Self {
            outside: PROMISED,
            plain: PROMISED,
            usual: [0.0; 2],
            scores: [VecDeque::new(), VecDeque::new()],
            risen: 0,
            edges: None,
        }
    }
}

/// A forecast that came true.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Came {
    /// As the model made it.
    pub plain: Quantiles,
    /// As it was shown, with the edges of then.
    pub shown: Quantiles,
    /// What came.
    pub count: f32,
}

/// How far the counts of a function usually lie below and above what is forecast: calm and
/// unsteady functions are held against each other in this measure and the band's own.
pub type Sides = [f32; 2];

fn widths(quantiles: &Quantiles, own: Sides) -> Sides {
    let median = quantiles[MEDIAN];
    let [low, high] = own;
    [median - quantiles[LOW] + low + HALF, quantiles[HIGH] - median + high + HALF]
}

/// Whether the model has noticed a rise of all demand.
///
/// What was forecast before the rise is exceeded at once, and tells nothing of what is forecast
/// after it. So if the model has noticed, edges do not learn from it, or they would stay far too
/// wide for hours; if it has not, they must.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// It has: the nearest forecasts are not exceeded.
    Taken,
    /// The rise has only begun.
    Open,
    /// It has not: even the nearest forecasts are exceeded.
    Missed,
}

impl Came {
    /// Whether all of it is numbers.
    pub fn is_known(&self) -> bool {
        let quantiles = self.plain.iter().chain(&self.shown);
        self.count.is_finite() && quantiles.into_iter().all(|quantile| quantile.is_finite())
    }
}

impl Stream {
    /// Takes in what came of a step, of all functions of the group; the first `aside` steps of a
    /// rise as `notice` says. Tells whether their distances were taken for scores.
    pub fn learn(&mut self, came: &[(Came, Sides)], aside: usize, notice: Notice) -> bool {
        let known: Vec<&(Came, Sides)> = came.iter().filter(|(came, _)| came.is_known()).collect();
        if known.is_empty() {
            return false;
        }
        let mean = |of: fn(&Came) -> f32| {
            known.iter().map(|(came, _)| of(came)).sum::<f32>() / known.len() as f32
        };
        let above = mean(|came| share_above(came.count, &came.shown));
        self.risen = if above > RISE && known.len() >= TOGETHER { self.risen + 1 } else { 0 };
        let is_aside = (1..=aside).contains(&self.risen) && notice != Notice::Missed;
        let pace = match (is_aside, notice) {
            (false, _) => PACE,
            (true, Notice::Taken) => 0.0,
            (true, _) => PACE_ALONE,
        };
        for (place, (band, promised)) in BANDS.into_iter().zip(PROMISED).enumerate() {
            let mean = |of: fn(&Came) -> &Quantiles| {
                let inside = known.iter().map(|(came, _)| share_within(came.count, of(came), band));
                inside.sum::<f32>() / known.len() as f32
            };
            let missed = 1.0 - mean(|came| &came.shown);
            let outside = self.outside[place] + pace * (promised - missed);
            self.outside[place] = outside.clamp(OUTSIDE_MIN * promised, OUTSIDE_MAX * promised);
            let plainly = 1.0 - mean(|came| &came.plain);
            self.plain[place] += PLAIN_PACE * (plainly - self.plain[place]);
        }
        self.edges = None;
        if !is_aside {
            known.iter().for_each(|(came, own)| self.take(came, *own));
        }
        !is_aside
    }

    /// What forecasts of the next step, whose stream this is, tell of a rise.
    pub fn notice(&self) -> Notice {
        match self.risen {
            0 => Notice::Taken,
            1..=NOTICED => Notice::Open,
            _ => Notice::Missed,
        }
    }

    /// Takes a count for a score.
    fn take(&mut self, Came { plain, count, .. }: &Came, own: Sides) {
        let [low, high] = widths(plain, own);
        let bare = widths(plain, [0.0; 2]);
        for side in 0..2 {
            let share = (own[side] / bare[side]).clamp(0.0, SHARE_MAX);
            self.usual[side] += USUAL_PACE * (share - self.usual[side]);
        }
        let beside = count - plain[MEDIAN];
        for spread in SPREAD {
            let scores = [-(beside + spread) / low, (beside + spread) / high];
            for (kept, score) in self.scores.iter_mut().zip(scores) {
                kept.push_back(score.clamp(-FAR, FAR));
                if kept.len() > KEPT {
                    kept.pop_front();
                }
            }
        }
    }

    /// How much of the edges of each band is taken: none while the model's own holds what it promises,
    /// as moving edges costs at the upper one.
    fn needed(&self) -> [f32; 2] {
        [0, 1].map(|band| {
            ((self.plain[band] - PROMISED[band]).abs() / GRACE[band] - 1.0).clamp(0.0, 1.0)
        })
    }

    /// A forecast with the edges of now, as far as they are needed. Of a function that nothing
    /// is known of, the usual is taken to hold.
    pub fn apply(&mut self, plain: &Quantiles, own: Option<Sides>) -> Quantiles {
        let needed = self.needed();
        if self.scores[0].len() < NEEDED || needed == [0.0; 2] {
            return *plain;
        }
        let (scores, outside) = (&self.scores, self.outside);
        let [inner, outer] = *self.edges.get_or_insert_with(|| {
            outside.map(|outside| {
                [0, 1].map(|side: usize| {
                    let mut values: Vec<f32> = scores[side].iter().copied().collect();
                    place(&mut values, 1.0 - outside / 2.0).max(0.0)
                })
            })
        });
        let median = plain[MEDIAN];
        let own = own.unwrap_or_else(|| {
            let bare = widths(plain, [0.0; 2]);
            [bare[0] * self.usual[0], bare[1] * self.usual[1]]
        });
        let [low, high] = widths(plain, own);
        let mut out = *plain;
        let bands = BANDS.into_iter().zip([inner, outer]).zip(needed);
        for (([bottom, top], [below, above]), needed) in bands {
            for (at, edge) in [(bottom, median - below * low), (top, median + above * high)] {
                out[at] += needed * (edge - out[at]);
            }
        }
        // The outer band is about the inner one.
        let last = LEVELS.len() - 1;
        out[0] = out[0].min(out[LOW]);
        out[last] = out[last].max(out[HIGH]);
        out
    }

    /// The share that is left outside of the 80 % band, as it stands.
    pub fn outside(&self) -> f32 {
        self.outside[0]
    }

    /// Whether it can be what [`Stream::learn`] made.
    pub fn is_plausible(&self) -> bool {
        let of_promised = self.outside.iter().zip(PROMISED).map(|(outside, of)| outside / of);
        // As far as rounding allows.
        let is_bounded = |of: f32| (0.99 * OUTSIDE_MIN..=1.01 * OUTSIDE_MAX).contains(&of);
        of_promised.into_iter().all(is_bounded)
            && self.plain.iter().all(|plain| (0.0..=1.0).contains(plain))
            && self.usual.iter().all(|usual| (0.0..=SHARE_MAX).contains(usual))
            && self.scores.iter().all(|scores| scores.len() <= KEPT)
            && self.scores[0].len() == self.scores[1].len()
            && self.scores.iter().flatten().all(|score| score.abs() <= FAR)
    }
}

/// The value below which a share `level` lies; the order of the values is changed.
fn place(values: &mut [f32], level: f32) -> f32 {
    let last = values.len().saturating_sub(1) as f32;
    let place = (level * last).ceil() as usize;
    *values.select_nth_unstable_by(place.min(values.len() - 1), f32::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_bands_come_to_hold_what_they_promise() {
        let mut rng = swell_core::rng::split(3, "both bands");
        // Too narrow, too wide, and the outer one no wider than the inner.
        for plain in [
            [39.0, 39.5, 40.0, 40.5, 41.0],
            [0.0, 5.0, 40.0, 75.0, 80.0],
            [35.0, 35.0, 40.0, 45.0, 45.0],
        ] {
            let (mut stream, mut inside, mut last) = (Stream::default(), [0.0f32; 2], plain);
            let (before, steps) = (300, 900);
            for step in 0..steps {
                let shown = stream.apply(&plain, Some([0.0; 2]));
                let came: Vec<(Came, Sides)> = (0..5)
                    .map(|_| {
                        let dice = (0..12).map(|_| swell_core::rng::unit(&mut rng)).sum::<f64>();
                        let count = (40.0 + 8.0 * (dice - 6.0)).round().max(0.0) as f32;
                        (Came { plain, shown, count }, [0.0; 2])
                    })
                    .collect();
                for (sum, band) in inside.iter_mut().zip(BANDS).filter(|_| step >= before) {
                    *sum += came
                        .iter()
                        .map(|(came, _)| share_within(came.count, &shown, band))
                        .sum::<f32>();
                }
                stream.learn(&came, 1, Notice::Taken);
                last = shown;
            }
            let held = inside.map(|sum| sum / (5 * (steps - before)) as f32);
            assert!((held[0] - 0.8).abs() < 0.02 && (held[1] - 0.95).abs() < 0.012, "{held:?}");
            assert!(
                last[0] < last[LOW] && last[HIGH] < last[4] && stream.is_plausible(),
                "{last:?}"
            );
        }
    }

    #[test]
    fn edges_learn_from_a_rise_only_if_the_model_has_not_noticed() {
        let plain = [6.0, 8.0, 10.0, 12.0, 14.0];
        for (notice, highest) in [(Notice::Taken, 12.0..14.0), (Notice::Missed, 25.0..35.0)] {
            let mut stream = Stream::default();
            let mut learn = |count: f32| {
                let came = (0..20).map(|of| {
                    let count = count + [0.0, -1.0, 1.0, 0.0, 3.0][of % 5];
                    (Came { plain, shown: plain, count }, [0.0; 2])
                });
                stream.learn(&came.collect::<Vec<_>>(), 12, notice)
            };
            assert!((0..100).all(|_| learn(10.0)));
            let taken = (0..12).map(|_| learn(30.0)).filter(|taken| *taken).count();
            assert_eq!(taken, if notice == Notice::Missed { 12 } else { 0 });
            assert!(learn(30.0), "nothing is put aside for ever");
            let high = stream.apply(&plain, None)[HIGH];
            assert!(highest.contains(&high), "{notice:?}: {high}");
        }
    }
}
