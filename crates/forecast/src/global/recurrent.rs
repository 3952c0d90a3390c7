//! A recurrent network across functions (the long short-term memory of the founding design):
//! it reads the last counts in the function's own measure, and answers for each step ahead
//! with what is also known of it: calendar, events, what the function is.
//!
//! As with the trees there are two, each taught by one half of the functions: together they
//! are steadier than one, and what the other half's network says of a function is honest even
//! about times it was fitted on.

use std::ops::Range;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use swell_core::rng::{Rng, below, split};

use crate::bands::Forecast;
use crate::checkpoint::{self, CheckpointError};
use crate::forecaster::{Budget, Forecaster, Model};
use crate::global::boosted::{Whose, half_of};
use crate::global::features::{Sight, WIDTH};
use crate::global::lessons::Stakes;
use crate::global::spread::{rooted, spread, unrooted};
use crate::local::rule::bound;
use crate::network::adam::Adam;
use crate::network::head::OUT;
use crate::network::recurrent::{Answers, Batch, Network};
use crate::panel::Past;

const KIND: &str = "recurrent";
/// Steps that are read.
const READ: usize = 36;
/// Numbers of a step: the count in its measure, whether there was one, the place in an hour.
const INPUTS: usize = 4;
const HIDDEN: usize = 32;
const UNITS: usize = 64;
/// Functions and origins in a batch, and steps ahead asked of each.
const ROWS: usize = 64;
const ASKED: usize = 4;
const RATE: f32 = 3e-3;
/// How far back examples begin: two weeks of 5-minute steps.
const REACH: usize = 4032;

/// Makes recurrent models.
#[derive(Debug, Clone, Copy)]
pub struct Recurrence {
    /// Steps ahead that are learned.
    pub horizon: usize,
}

/// The networks of the two halves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recurrent {
    halves: Vec<Half>,
}

/// A network and the measure of what it is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Half {
    network: Network,
    /// Mean and spread of each known number, after its root.
    measure: Vec<(f32, f32)>,
    horizon: usize,
}

impl Forecaster for Recurrence {
    fn fit(&self, past: &Past<'_>, budget: &Budget<'_>, seed: u64) -> Box<dyn Model> {
        let stakes = Stakes::of(past);
        let slots: [Mutex<Option<Half>>; 2] = std::array::from_fn(|_| Mutex::new(None));
        (budget.each)(2, &|half| {
            let rng = split(seed, ["recurrence", "recurrence of the other half"][half]);
            let taught = Half::teach(past, &stakes, half, self.horizon, budget, rng);
            *slots[half].lock().expect("no job broke") = Some(taught);
        });
        let taught = slots.into_iter().map(|slot| slot.into_inner().expect("no job broke"));
        let halves = taught.map(|half| half.expect("each job was done")).collect();
        Box::new(Recurrent { halves })
    }

    fn read(&self, bytes: &[u8]) -> Result<Box<dyn Model>, CheckpointError> {
        let model: Recurrent = checkpoint::read(KIND, bytes)?;
        let is_sound = model.halves.len() == 2 && model.halves.iter().all(Half::is_sound);
        if is_sound { Ok(Box::new(model)) } else { Err(CheckpointError::Damaged) }
    }
}

fn measure(batches: &[Batch]) -> Vec<(f32, f32)> {
    let of_column = |column: usize| {
        let values = batches.iter().flat_map(|b| b.known.iter().skip(column).step_by(WIDTH));
        let (mut sum, mut squares, mut len) = (0.0f32, 0.0f32, 0.0f32);
        for value in values {
            sum += value;
            squares += value * value;
            len += 1.0;
        }
        let mean = sum / len.max(1.0);
        let spread = (squares / len.max(1.0) - mean * mean).max(0.0).sqrt();
        (mean, spread.max(0.05))
    };
    (0..WIDTH).map(of_column).collect()
}

impl Half {
    fn is_sound(&self) -> bool {
        self.network.is_sound(INPUTS, WIDTH) && self.measure.len() == WIDTH && self.horizon > 0
    }

    /// Learns from one half of the functions.
    fn teach(
        past: &Past<'_>,
        stakes: &Stakes,
        half: usize,
        horizon: usize,
        budget: &Budget<'_>,
        mut rng: Rng,
    ) -> Self {
        let network = Network::new(INPUTS, HIDDEN, WIDTH, UNITS, &mut rng);
        let mut taught = Self { network, measure: vec![(0.0, 1.0); WIDTH], horizon };
        let first = past.origin().saturating_sub(REACH).max(READ);
        let members: Vec<usize> = (0..past.members()).filter(|m| half_of(*m) == half).collect();
        if members.is_empty() || first >= past.origin() {
            return taught;
        }
        let drawn = |taught: &Self, rng: &mut Rng| taught.draw(past, &members, stakes, first, rng);
        taught.measure = measure(&(0..8).map(|_| drawn(&taught, &mut rng).0).collect::<Vec<_>>());
        let mut adam = Adam::new(taught.network.weights_mut().len());
        for step in 0..budget.steps {
            if !(budget.proceed)() {
                break;
            }
            let (batch, answers) = drawn(&taught, &mut rng);
            let (_, slopes) = taught.network.learn(&batch, &answers);
            let done = step as f32 / budget.steps as f32;
            adam.step(taught.network.weights_mut(), &slopes, RATE * (1.0 - 0.95 * done));
        }
        taught
    }

    /// A batch of functions and origins by chance, and what came.
    fn draw(
        &self,
        past: &Past<'_>,
        members: &[usize],
        stakes: &Stakes,
        first: usize,
        rng: &mut Rng,
    ) -> (Batch, Answers) {
        let mut sights = Vec::with_capacity(ROWS);
        let mut answers = Answers::default();
        let mut asked = Vec::with_capacity(ROWS * ASKED);
        for _ in 0..ROWS {
            let member = members[below(rng, members.len() as u64) as usize];
            let origin = first + below(rng, (past.origin() - first) as u64) as usize;
            let then = past.until(origin);
            let sight = Sight::of(&then, member, then.filled(member), self.horizon);
            for _ in 0..ASKED {
                let ahead = below(rng, self.horizon as u64) as usize;
                let came = past.count(member, origin + ahead);
                let scale = sight.scene.scale;
                let beside = came.map_or(0.0, |came| (came - sight.scene.middle(ahead)) / scale);
                answers.targets.push(rooted(beside));
                let weight = stakes.of_error(member, scale);
                answers.weights.push(if came.is_some() { weight } else { 0.0 });
                asked.push(ahead);
            }
            sights.push((then, sight));
        }
        (self.batch(&sights.iter().collect::<Vec<_>>(), &asked, ASKED), answers)
    }

    /// What the network is told of some sights and of `asked` steps ahead of each.
    fn batch(&self, sights: &[&(Past<'_>, Sight)], asked: &[usize], each: usize) -> Batch {
        let room = || Vec::with_capacity(sights.len() * INPUTS);
        let mut steps: Vec<Vec<f32>> = std::iter::repeat_with(room).take(READ).collect();
        let mut known = Vec::with_capacity(asked.len() * WIDTH);
        let mut row = [0.0; WIDTH];
        for (place, (past, sight)) in sights.iter().enumerate() {
            let len = sight.counts.len();
            let (middle, scale) = (sight.scene.middle(0), sight.scene.scale);
            for (back, step) in steps.iter_mut().enumerate() {
                let at = (len + back).checked_sub(READ);
                let count = at.map_or(0.0, |at| sight.counts[at]);
                let place = (past.time_of_day(at.unwrap_or(0)) % 12) as f32 / 12.0;
                let (sine, cosine) = (place * std::f32::consts::TAU).sin_cos();
                let beside = rooted((count - middle) / scale) / 2.0;
                step.extend([beside, f32::from(u8::from(count > 0.0)), sine, cosine]);
            }
            for &ahead in &asked[place * each..(place + 1) * each] {
                sight.row(past, ahead.min(self.horizon - 1), &mut row);
                let measured = row.iter().zip(&self.measure);
                known.extend(measured.map(|(value, (mean, spread))| {
                    ((rooted(*value) - mean) / spread).clamp(-6.0, 6.0)
                }));
            }
        }
        Batch { steps, rows: sights.len(), asked: each, known }
    }
}

impl Recurrent {
    fn all(
        &self,
        past: &Past<'_>,
        members: Range<usize>,
        whose: Whose,
        horizon: usize,
    ) -> Vec<Forecast> {
        let mut forecasts = Vec::with_capacity(members.len());
        let reach = self.halves.iter().map(|half| half.horizon).fold(horizon, usize::max);
        let sight = |member: usize| (*past, Sight::of(past, member, past.filled(member), reach));
        let all: Vec<usize> = members.collect();
        for members in all.chunks(ROWS) {
            let sights: Vec<_> = members.iter().map(|&member| sight(member)).collect();
            let mut sums = vec![[0.0f32; OUT + 1]; sights.len() * horizon];
            for (number, half) in self.halves.iter().enumerate() {
                let asked =
                    |place: &usize| whose == Whose::Both || half_of(members[*place]) != number;
                let places: Vec<usize> = (0..members.len()).filter(asked).collect();
                let seen: Vec<_> = places.iter().map(|&place| &sights[place]).collect();
                let steps: Vec<usize> = places.iter().flat_map(|_| 0..horizon).collect();
                let out = half.network.ask(&half.batch(&seen, &steps, horizon));
                for (place, out) in places.iter().zip(out.chunks_exact(horizon * OUT)) {
                    let sums = &mut sums[place * horizon..(place + 1) * horizon];
                    for (sum, out) in sums.iter_mut().zip(out.chunks_exact(OUT)) {
                        (0..OUT).for_each(|level| sum[level] += unrooted(out[level]));
                        sum[OUT] += 1.0;
                    }
                }
            }
            for ((_, sight), sums) in sights.iter().zip(sums.chunks_exact(horizon)) {
                let steps = sums.iter().enumerate().map(|(ahead, sums)| {
                    let at = |level: usize| {
                        sight.scene.middle(ahead) + sight.scene.scale * sums[level] / sums[OUT]
                    };
                    spread(at(0), at(1), at(2))
                });
                let last = sight.counts.last().copied().unwrap_or(0.0);
                let forecast = Forecast { steps: steps.collect() };
                forecasts.push(forecast.sane(past.most().min(bound(&sight.counts)), last));
            }
        }
        forecasts
    }
}

impl Model for Recurrent {
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
