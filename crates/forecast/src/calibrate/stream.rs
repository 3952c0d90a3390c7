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

use crate::bands::{HIGH, LOW, MEDIAN, Quantiles};
use crate::coverage::{BAND_80, BAND_95, Band, share_above, share_within};

/// Outside of the 80 % band.
pub const OUTSIDE: f32 = 0.2;
/// The bands, the inner one first.
pub const BANDS: [Band; 2] = [BAND_80, BAND_95];
/// The share that each promises to leave outside.
const PROMISED: [f32; 2] = [OUTSIDE, 0.05];
/// How fast the running number follows, with new scores and without.
const PACE: f32 = 0.03;
const PACE_ALONE: f32 = 0.06;
/// What the running number may be, as a part and as a multiple of what is promised.
const OUTSIDE_MIN: f32 = 0.025;
const OUTSIDE_MAX: f32 = 4.0;
/// Scores that are kept.
const KEPT: usize = 1800;
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
/// No edge is moved further, in widths of its side: by so many scores at the most, and by all that
/// are kept.
const NEAR: f32 = 3.0;
const FEW: f32 = 300.0;
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
}

impl Default for Stream {
    fn default() -> Self {
        Self {
            outside: PROMISED,
            plain: PROMISED,
            usual: [0.0; 2],
            scores: [VecDeque::new(), VecDeque::new()],
            risen: 0,
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

/// What the scores at one step ahead tell.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Told {
    /// By how many scores.
    pub scores: f32,
    /// How far edges lie from their median, in widths of their side: those of each band, below and
    /// above.
    pub reach: [[f32; 2]; 2],
    /// How much of the edges of each band is needed, 0 to 1.
    pub needed: [f32; 2],
    /// How much the distances of a function usually add to the widths of its bands.
    pub usual: Sides,
}

/// How far an edge may be moved by so many scores, in widths of its side. Of few one surprise would
/// be the edge of all functions of a group: a band of none at which the first calls come is as far
/// off as a number can be.
pub fn farthest(scores: f32) -> f32 {
    let grown = ((scores - FEW) / (KEPT as f32 - FEW)).clamp(0.0, 1.0);
    (NEAR * (FAR / NEAR).powf(grown)).min(FAR)
}

/// What is a measure of one on either side of the median.
pub fn widths(quantiles: &Quantiles, own: Sides) -> Sides {
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
        if !is_aside {
            let farthest = farthest(self.scores[0].len() as f32);
            known.iter().for_each(|(came, own)| self.take(came, *own, farthest));
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

    /// Takes a count for a score, no further off than `farthest`.
    fn take(&mut self, Came { plain, count, .. }: &Came, own: Sides, farthest: f32) {
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
                kept.push_back(score.clamp(-farthest, farthest));
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

    /// What its scores tell; nothing if there are none.
    pub fn told(&self) -> Told {
        if self.scores[0].is_empty() {
            return Told::default();
        }
        let reach = self.outside.map(|outside| {
            [0, 1].map(|side: usize| {
                let mut values: Vec<f32> = self.scores[side].iter().copied().collect();
                place(&mut values, 1.0 - outside / 2.0).max(0.0)
            })
        });
        let scores = self.scores[0].len() as f32;
        Told { scores, reach, needed: self.needed(), usual: self.usual }
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
