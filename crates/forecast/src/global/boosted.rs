//! Trees across functions, three quantiles, on lags, calendar, events and what is known of a
//! function (the gradient boosting machine of the founding design).
//!
//! Functions are dealt into two halves, and each half has its own trees (see `halved`).

use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use swell_core::rng::split;

use crate::bands::Forecast;
use crate::boost::bins::{Binned, Bins};
use crate::boost::booster::{Booster, Goal, Lesson, Manner};
use crate::boost::forest::{Block, Forest, LANES};
use crate::boost::grow::Shape;
use crate::checkpoint::{self, CheckpointError};
use crate::forecaster::{Budget, Forecaster, Model};
use crate::global::features::{OWN, SHARED, WIDTH};
use crate::global::halved::{Halved, half_of};
use crate::global::lessons::Lessons;
use crate::global::spread::{rooted, spread, unrooted};
use crate::global::views::Views;
use crate::panel::Past;

/// Makes boosted models.
#[derive(Debug, Clone, Copy)]
pub struct Boosting {
    /// Steps ahead that are learned, at most [`LANES`].
    pub horizon: usize,
}

/// The levels that are learned; those beyond are drawn from them.
const LEARNED: [f32; 3] = [0.1, 0.5, 0.9];
const KIND: &str = "boosted-dated";

/// Trees of two halves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Boosted {
    halves: Vec<Vec<Booster>>,
    horizon: usize,
    /// The same trees, to be asked many rows at a time.
    #[serde(skip)]
    forests: Vec<Vec<Forest>>,
}

impl Forecaster for Boosting {
    fn fit(&self, past: &Past<'_>, budget: &Budget<'_>, seed: u64) -> Box<dyn Model> {
        Box::new(self.boost(past, budget, seed))
    }

    fn read(&self, bytes: &[u8]) -> Result<Box<dyn Model>, CheckpointError> {
        let boosted: Boosted = checkpoint::read(KIND, bytes)?;
        let is_whole = boosted.halves.len() == 2
            && (1..=LANES).contains(&boosted.horizon)
            && boosted.halves.iter().all(|half| half.len() == LEARNED.len())
            && boosted.halves.iter().flatten().all(|booster| booster.is_sound(WIDTH));
        if is_whole { Ok(Box::new(boosted.ready())) } else { Err(CheckpointError::Damaged) }
    }
}

impl Boosting {
    /// Learns trees.
    pub fn boost(&self, past: &Past<'_>, budget: &Budget<'_>, seed: u64) -> Boosted {
        let mut rng = split(seed, "lessons");
        let lessons = Lessons::draw(past, self.horizon.min(LANES), budget.examples, &mut rng);
        let bins = Bins::of(&lessons.rows, lessons.width);
        let halves = [0, 1].map(|half| Half::of(&lessons, &bins, half));
        // The rows are most of what learning holds in memory.
        drop(lessons);
        let slots: Vec<Mutex<Option<Booster>>> = (0..6).map(|_| Mutex::new(None)).collect();
        (budget.each)(6, &|job| {
            let half = &halves[job / 3];
            let lesson = Lesson {
                bins: &bins,
                binned: &half.binned,
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
        Boosted { halves, horizon: self.horizon.min(LANES), forests: Vec::new() }.ready()
    }
}

struct Half {
    binned: Binned,
    targets: Vec<f32>,
    weights: Vec<f32>,
}

impl Half {
    fn of(lessons: &Lessons, bins: &Bins, half: usize) -> Self {
        let is_own = |place: &usize| half_of(lessons.members[*place] as usize) == half;
        let own = || (0..lessons.len()).filter(is_own);
        let row = |place: usize| &lessons.rows[place * lessons.width..(place + 1) * lessons.width];
        Self {
            binned: bins.bin(own().flat_map(row)),
            targets: own().map(|place| rooted(lessons.targets[place])).collect(),
            weights: own().map(|place| lessons.weights[place]).collect(),
        }
    }
}

fn manner(level: f32) -> Manner {
    let shape = Shape { leaves: 31, rows: 60, calm: 5.0 };
    Manner { goal: Goal::Quantile(level), rate: 0.06, rows: 0.6, columns: 0.5, shape }
}

/// The values of a half's trees for each level, at each step of the hour ahead.
type Values = [[f32; LANES]; LEARNED.len()];

impl Boosted {
    /// Made ready to be asked.
    fn ready(mut self) -> Self {
        let of_half = |half: &Vec<Booster>| {
            half.iter().map(|own| Forest::of(own.start(), own.trees(), SHARED)).collect()
        };
        self.forests = self.halves.iter().map(of_half).collect();
        self
    }

    /// What the trees of a half say of those functions that `asks` picks, in their order.
    fn values(
        &self,
        half: usize,
        views: &Views<'_>,
        asks: impl Fn(usize) -> bool,
    ) -> impl Iterator<Item = Values> {
        let seen = views.members.clone().zip(views.sights().iter().zip(views.blocks()));
        let picked = seen.filter(|(member, _)| asks(*member));
        let asked: Vec<(&[f32], &Block<OWN>)> =
            picked.map(|(_, (sight, block))| (&sight.shared[..], block)).collect();
        let levels: [Vec<[f32; LANES]>; LEARNED.len()] =
            std::array::from_fn(|level| self.forests[half][level].values(&asked));
        (0..asked.len()).map(move |place| std::array::from_fn(|level| levels[level][place]))
    }

    /// What the values of some halves together say of a sight.
    fn told(&self, views: &Views<'_>, place: usize, values: &[&Values]) -> Forecast {
        let sight = &views.sights()[place];
        let step = |ahead: usize| {
            let middle = sight.scene.middle(ahead);
            let lane = ahead.min(self.horizon - 1);
            let [low, median, high] = std::array::from_fn(|level| {
                let sum: f32 = values.iter().map(|half| half[level][lane]).sum();
                middle + sight.scene.scale * unrooted(sum / values.len() as f32)
            });
            spread(low, median, high)
        };
        let steps = (0..views.horizon).map(step).collect();
        let last = sight.counts.last().copied().unwrap_or(0.0);
        Forecast { steps }.sane(views.most[place], last)
    }
}

impl Halved for Boosted {
    const KIND: &'static str = KIND;

    fn say_other(&self, views: &Views<'_>) -> Vec<Forecast> {
        let mut halves = [0, 1].map(|half| self.values(half, views, move |m| half_of(m) != half));
        let one = |(place, member): (usize, usize)| {
            let values = halves[1 - half_of(member)].next().expect("it was asked about");
            self.told(views, place, &[&values])
        };
        views.members.clone().enumerate().map(one).collect()
    }

    fn say_each(&self, views: &Views<'_>) -> [Vec<Forecast>; 2] {
        let [first, second] = [0, 1].map(|half| self.values(half, views, |_| true));
        let one = |((place, member), (first, second)): ((usize, usize), (Values, Values))| {
            let other = if half_of(member) == 0 { &second } else { &first };
            let both = self.told(views, place, &[&first, &second]);
            (both, self.told(views, place, &[other]))
        };
        let asked = views.members.clone().enumerate().zip(first.zip(second));
        let (both, other) = asked.map(one).unzip();
        [both, other]
    }
}
