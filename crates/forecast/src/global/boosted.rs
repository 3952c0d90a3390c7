//! Trees across functions, three quantiles, on lags, calendar, events and what is known of a
//! function (the gradient boosting machine of the founding design).
//!
//! Functions are dealt into two halves, and each half has its own trees. What the other
//! half's trees say of a function was never fitted to it, so past forecasts of that kind are
//! honest: by them the model is weighed against others and its bands are set.

use std::ops::Range;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use swell_core::rng::split;

use crate::bands::Forecast;
use crate::boost::bins::Bins;
use crate::boost::booster::{Booster, Goal, Lesson, Manner};
use crate::boost::grow::Shape;
use crate::checkpoint::{self, CheckpointError};
use crate::forecaster::{Budget, Forecaster, Model};
use crate::global::features::{Sight, WIDTH};
use crate::global::lessons::Lessons;
use crate::global::spread::{rooted, spread, unrooted};
use crate::local::rule::bound;
use crate::panel::Past;

/// Makes boosted models.
#[derive(Debug, Clone, Copy)]
pub struct Boosting {
    /// Steps ahead that are learned.
    pub horizon: usize,
}

/// The levels that are learned; those beyond are drawn from them.
const LEARNED: [f32; 3] = [0.1, 0.5, 0.9];
const KIND: &str = "boosted";

/// Trees of two halves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Boosted {
    halves: Vec<Vec<Booster>>,
    horizon: usize,
}

impl Forecaster for Boosting {
    fn fit(&self, past: &Past<'_>, budget: &Budget<'_>, seed: u64) -> Box<dyn Model> {
        Box::new(self.boost(past, budget, seed))
    }

    fn read(&self, bytes: &[u8]) -> Result<Box<dyn Model>, CheckpointError> {
        let boosted: Boosted = checkpoint::read(KIND, bytes)?;
        let is_whole = boosted.halves.len() == 2
            && boosted.horizon > 0
            && boosted.halves.iter().all(|half| half.len() == LEARNED.len())
            && boosted.halves.iter().flatten().all(|booster| booster.is_sound(WIDTH));
        if is_whole { Ok(Box::new(boosted)) } else { Err(CheckpointError::Damaged) }
    }
}

impl Boosting {
    /// Learns trees.
    pub fn boost(&self, past: &Past<'_>, budget: &Budget<'_>, seed: u64) -> Boosted {
        let mut rng = split(seed, "lessons");
        let lessons = Lessons::draw(past, self.horizon, budget.examples, &mut rng);
        let bins = Bins::of(&lessons.rows, WIDTH);
        let halves = [0, 1].map(|half| Half::of(&lessons, half));
        let slots: Vec<Mutex<Option<Booster>>> = (0..6).map(|_| Mutex::new(None)).collect();
        (budget.each)(6, &|job| {
            let half = &halves[job / 3];
            let binned = bins.bin(&half.rows);
            let lesson = Lesson {
                bins: &bins,
                binned: &binned,
                targets: &half.targets,
                weights: &half.weights,
            };
            let booster = Booster::fit(lesson, manner(LEARNED[job % 3]), budget, seed + job as u64);
            *slots[job].lock().expect("no job broke") = Some(booster);
        });
        let mut boosters = slots
            .into_iter()
            .map(|slot| slot.into_inner().expect("no job broke").expect("each job was done"));
        let halves = (0..2).map(|_| boosters.by_ref().take(3).collect()).collect();
        Boosted { halves, horizon: self.horizon }
    }
}

#[derive(Default)]
struct Half {
    rows: Vec<f32>,
    targets: Vec<f32>,
    weights: Vec<f32>,
}

impl Half {
    fn of(lessons: &Lessons, half: usize) -> Self {
        let mut found = Self::default();
        for place in 0..lessons.len() {
            if half_of(lessons.members[place] as usize) == half {
                found.rows.extend(&lessons.rows[place * WIDTH..(place + 1) * WIDTH]);
                found.targets.push(rooted(lessons.targets[place]));
                found.weights.push(lessons.weights[place]);
            }
        }
        found
    }
}

/// To which half a function was dealt.
pub(crate) fn half_of(member: usize) -> usize {
    member % 2
}

fn manner(level: f32) -> Manner {
    let shape = Shape { leaves: 31, rows: 60, calm: 5.0 };
    Manner { goal: Goal::Quantile(level), rate: 0.06, rows: 0.6, columns: 0.5, shape }
}

/// Whose trees are asked about a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Both halves', for the best forecast.
    Both,
    /// The other half's, for an honest one.
    Other,
}

impl Boosted {
    /// The forecast of one sight.
    pub fn see(
        &self,
        past: &Past<'_>,
        member: usize,
        sight: &Sight,
        whose: Whose,
        horizon: usize,
    ) -> Forecast {
        let mut row = [0.0; WIDTH];
        let step = |ahead: usize| {
            sight.row(past, ahead.min(self.horizon - 1), &mut row);
            let asked = |half: &usize| whose == Whose::Both || half_of(member) != *half;
            let halves: Vec<usize> = (0..2).filter(asked).collect();
            let middle = sight.scene.middle(ahead);
            let [low, median, high] = std::array::from_fn(|level| {
                let sum: f32 =
                    halves.iter().map(|&half| self.halves[half][level].value(&row)).sum();
                middle + sight.scene.scale * unrooted(sum / halves.len() as f32)
            });
            spread(low, median, high)
        };
        let steps = (0..horizon).map(step).collect();
        let last = sight.counts.last().copied().unwrap_or(0.0);
        Forecast { steps }.sane(past.most().min(bound(&sight.counts)), last)
    }
}

impl Boosted {
    fn all(
        &self,
        past: &Past<'_>,
        members: Range<usize>,
        whose: Whose,
        horizon: usize,
    ) -> Vec<Forecast> {
        let one = |member| {
            let sight = Sight::of(past, member, past.filled(member), horizon);
            self.see(past, member, &sight, whose, horizon)
        };
        members.map(one).collect()
    }
}

impl Model for Boosted {
    fn predict(&self, past: &Past<'_>, members: Range<usize>, horizon: usize) -> Vec<Forecast> {
        self.all(past, members, Whose::Both, horizon)
    }

    fn predict_unseen(
        &self,
        past: &Past<'_>,
        members: Range<usize>,
        horizon: usize,
    ) -> Vec<Forecast> {
        self.all(past, members, Whose::Other, horizon)
    }

    fn to_bytes(&self) -> Vec<u8> {
        checkpoint::write(KIND, self)
    }
}
