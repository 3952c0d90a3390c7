//! A recurrent network across functions (the long short-term memory of the founding design):
//! it reads the last counts in the function's own measure, and answers for each step ahead
//! with what is also known of it: calendar, events, what the function is.
//!
//! As with the trees there are two, each taught by one half of the functions (see `halved`).

use std::ops::Range;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use swell_core::rng::{Rng, below, split, unit};

use crate::bands::Forecast;
use crate::boost::forest::{Block, LANES};
use crate::checkpoint::{self, CheckpointError};
use crate::forecaster::{Budget, Forecaster, Model};
use crate::global::features::{OWN, PLAIN, SHARED, Sight, WIDTH, width};
use crate::global::halved::{Halved, half_of};
use crate::global::lessons::Stakes;
use crate::global::moment::Moment;
use crate::global::spread::{root, rooted, spread, unrooted};
use crate::global::views::Views;
use crate::network::adam::Adam;
use crate::network::head::OUT;
use crate::network::recurrent::{Answers, Batch, Network};
use crate::panel::Past;

const KIND: &str = "recurrent-dated";
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
/// By how much of its spread each number that is known is moved while learning, at most, so that what
/// is learned holds for functions nearly the same (Bishop, 1995, "Training with noise ...").
const BLUR: f32 = 0.5;
/// Half of the steps are taken at once, others until all there is was gone through so many times.
const PASSES: usize = 8;
/// How far back examples begin: two weeks of 5-minute steps.
const REACH: usize = 4032;

/// Makes recurrent models.
#[derive(Debug, Clone, Copy)]
pub struct Recurrence {
    /// Steps ahead that are learned, at most [`LANES`].
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
    /// Mean and spread of each number that was known when it was taught, after its root; of what is
    /// known besides it is not told.
    measure: Vec<(f32, f32)>,
    horizon: usize,
}

impl Forecaster for Recurrence {
    fn fit(&self, past: &Past<'_>, budget: &Budget<'_>, seed: u64) -> Box<dyn Model> {
        let stakes = Stakes::of(past);
        let slots: [Mutex<Option<Half>>; 2] = std::array::from_fn(|_| Mutex::new(None));
        (budget.each)(2, &|half| {
            let rng = split(seed, ["recurrence", "recurrence of the other half"][half]);
            let horizon = self.horizon.min(LANES);
            let taught = Half::teach(past, &stakes, half, horizon, budget, rng);
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

fn measure(batches: &[Batch], width: usize) -> Vec<(f32, f32)> {
    let of_step = width - SHARED;
    let of_column = |column: usize| {
        let (mut sum, mut squares, mut len) = (0.0f32, 0.0f32, 0.0f32);
        let mut add = |value: f32| {
            sum += value;
            squares += value * value;
            len += 1.0;
        };
        for batch in batches {
            match column.checked_sub(SHARED) {
                None => {
                    let values = batch.shared.iter().skip(column).step_by(SHARED);
                    values.for_each(|value| (0..batch.asked).for_each(|_| add(*value)));
                }
                Some(own) => {
                    batch.own.iter().skip(own).step_by(of_step).for_each(|value| add(*value))
                }
            }
        }
        let mean = sum / len.max(1.0);
        let spread = (squares / len.max(1.0) - mean * mean).max(0.0).sqrt();
        (mean, spread.max(0.05))
    };
    (0..width).map(of_column).collect()
}

impl Half {
    fn is_sound(&self) -> bool {
        self.network.is_sound(INPUTS, self.measure.len())
            && [PLAIN, WIDTH].contains(&self.measure.len())
            && (1..=LANES).contains(&self.horizon)
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
        let width = width(past);
        let network = Network::new(INPUTS, HIDDEN, width, UNITS, &mut rng);
        let mut taught = Self { network, measure: vec![(0.0, 1.0); width], horizon };
        let first = past.origin().saturating_sub(REACH).max(READ);
        let members: Vec<usize> = (0..past.members()).filter(|m| half_of(*m) == half).collect();
        if members.is_empty() || first >= past.origin() {
            return taught;
        }
        let drawn = |taught: &Self, rng: &mut Rng| taught.draw(past, &members, stakes, first, rng);
        let batches: Vec<Batch> = (0..8).map(|_| drawn(&taught, &mut rng).0).collect();
        taught.measure = measure(&batches, width);
        let mut adam = Adam::new(taught.network.weights_mut().len());
        let enough = PASSES * members.len() * (past.origin() - first) / ROWS;
        let steps = enough.clamp(budget.steps.div_ceil(2), budget.steps.max(1));
        for step in 0..steps {
            if !(budget.proceed)() {
                break;
            }
            let (mut batch, answers) = drawn(&taught, &mut rng);
            blur(&mut batch.shared, &mut rng);
            blur(&mut batch.own, &mut rng);
            let (_, slopes) = taught.network.learn(&batch, &answers);
            let done = step as f32 / steps as f32;
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
        let mut answers = Answers::default();
        let mut batch = Batch { asked: ASKED, ..Batch::default() };
        for _ in 0..ROWS {
            let member = members[below(rng, members.len() as u64) as usize];
            let origin = first + below(rng, (past.origin() - first) as u64) as usize;
            let then = past.until(origin);
            let sight = Sight::of(&then, member, then.filled(member), self.horizon);
            let mut read = beside(&sight);
            read.iter_mut().for_each(|value| *value = rooted(*value));
            let reads = reads(&sight, &read, &hours(&then));
            self.add_row(&mut batch, &reads, &sight.shared.map(rooted));
            for _ in 0..ASKED {
                let ahead = below(rng, self.horizon as u64) as usize;
                let came = past.count(member, origin + ahead);
                let scale = sight.scene.scale;
                let beside = came.map_or(0.0, |came| (came - sight.scene.middle(ahead)) / scale);
                answers.targets.push(rooted(beside));
                let weight = stakes.of_error(member, scale);
                answers.weights.push(if came.is_some() { weight } else { 0.0 });
                let own = sight.own(&then, &Moment::of(&then, origin + ahead), ahead);
                self.add_question(&mut batch, own.map(rooted).into_iter());
            }
        }
        (batch, answers)
    }

    /// Adds what was read of a function, and what is known of it whatever the step ahead.
    fn add_row(&self, batch: &mut Batch, reads: &Reads, shared: &[f32; SHARED]) {
        batch.rows += 1;
        batch.steps.resize_with(READ, || Vec::with_capacity(ROWS * INPUTS));
        batch.steps.iter_mut().zip(reads).for_each(|(step, read)| step.extend_from_slice(read));
        batch.shared.extend(shared.iter().zip(&self.measure).map(measured));
    }

    /// Adds what is known of a step ahead.
    fn add_question(&self, batch: &mut Batch, own: impl Iterator<Item = f32>) {
        let measure = &self.measure[SHARED..];
        batch.own.extend(own.zip(measure).map(|(value, measure)| measured((&value, measure))));
    }

    /// Adds what is known of each step of the hour ahead.
    fn add_hour(&self, batch: &mut Batch, own: &Block<OWN>) {
        let measure = &self.measure[SHARED..];
        let mut told = [[0.0; LANES]; OWN];
        for ((told, own), measure) in told.iter_mut().zip(own).zip(measure) {
            *told = own.map(|value| measured((&value, measure)));
        }
        let (first, width) = (batch.own.len(), measure.len());
        batch.own.resize(first + LANES * width, 0.0);
        for (ahead, question) in batch.own[first..].chunks_exact_mut(width).enumerate() {
            question.iter_mut().zip(&told).for_each(|(value, column)| *value = column[ahead]);
        }
    }
}

/// Moves numbers in their measure by chance.
fn blur(values: &mut [f32], rng: &mut Rng) {
    values.iter_mut().for_each(|value| *value += BLUR * (2.0 * unit(rng) as f32 - 1.0));
}

/// A number that is known, in its measure.
fn measured((value, (mean, spread)): (&f32, &(f32, f32))) -> f32 {
    ((value - mean) / spread).clamp(-6.0, 6.0)
}

/// What is read of the last steps of a function.
type Reads = [[f32; INPUTS]; READ];

/// Those steps in the measure of the function.
fn beside(sight: &Sight<'_>) -> [f32; READ] {
    let (middle, scale) = (sight.scene.middle(0), sight.scene.scale);
    read(sight).map(|count| (count - middle) / scale)
}

/// The counts of the steps that are read.
fn read(sight: &Sight<'_>) -> [f32; READ] {
    let mut read = [0.0; READ];
    let known = &sight.counts[sight.counts.len().saturating_sub(READ)..];
    read[READ - known.len()..].copy_from_slice(known);
    read
}

fn reads(sight: &Sight<'_>, beside: &[f32; READ], hours: &Hours) -> Reads {
    let counts = read(sight);
    std::array::from_fn(|back| {
        let [sine, cosine] = hours[back];
        [beside[back] / 2.0, f32::from(u8::from(counts[back] > 0.0)), sine, cosine]
    })
}

/// The places in an hour of the steps that are read, on a circle.
type Hours = [[f32; 2]; READ];

/// Those of the steps before an origin.
fn hours(past: &Past<'_>) -> Hours {
    std::array::from_fn(|back| {
        let at = (past.origin() + back).saturating_sub(READ);
        let place = (past.time_of_day(at) % 12) as f32 / 12.0;
        let (sine, cosine) = (place * std::f32::consts::TAU).sin_cos();
        [sine, cosine]
    })
}

impl Recurrent {
    /// What each half's network says of the functions it is to be asked about.
    fn ask(
        &self,
        views: &Views<'_>,
        members: Range<usize>,
        asks: impl Fn(usize, usize) -> bool,
    ) -> [Vec<Option<Said>>; 2] {
        let places = || members.clone();
        let sights = &views.sights()[members.clone()];
        let hours = hours(&views.past);
        let of_sight = |(place, sight): (usize, &Sight<'_>)| {
            let (mut read, mut shared) = (beside(sight), sight.shared);
            let mut own = views.blocks()[members.start + place];
            root(&mut read);
            root(&mut shared);
            root(own.as_flattened_mut());
            (reads(sight, &read, &hours), shared, own)
        };
        let known: Vec<_> = sights.iter().enumerate().map(of_sight).collect();
        [0, 1].map(|number| {
            let half = &self.halves[number];
            let mut batch = Batch { asked: LANES, ..Batch::default() };
            let is_asked = |place: usize| asks(views.members.start + place, number);
            for (place, (reads, shared, own)) in places().zip(&known) {
                if is_asked(place) {
                    half.add_row(&mut batch, reads, shared);
                    half.add_hour(&mut batch, own);
                }
            }
            let out = half.network.ask(&batch);
            let mut said = out.chunks_exact(LANES * OUT).map(|said| {
                let said: Vec<f32> = said.iter().map(|value| unrooted(*value)).collect();
                said
            });
            places().map(|place| is_asked(place).then(|| said.next()).flatten()).collect()
        })
    }

    /// What some answers together say of a sight.
    fn told(&self, views: &Views<'_>, place: usize, said: &[&Said]) -> Forecast {
        let sight = &views.sights()[place];
        let reach = self.halves.iter().map(|half| half.horizon).fold(LANES, usize::min);
        let steps = (0..views.horizon).map(|ahead| {
            let lane = ahead.min(reach - 1);
            let at = |level: usize| {
                let sum: f32 = said.iter().map(|said| said[lane * OUT + level]).sum();
                sight.scene.middle(ahead) + sight.scene.scale * sum / said.len() as f32
            };
            spread(at(0), at(1), at(2))
        });
        let last = sight.counts.last().copied().unwrap_or(0.0);
        Forecast { steps: steps.collect() }.sane(views.most[place], last)
    }
}

/// The places of so many functions at a time as a network is asked about.
fn batches(views: &Views<'_>) -> impl Iterator<Item = Range<usize>> + use<> {
    let len = views.members.len();
    (0..len).step_by(ROWS).map(move |first| first..len.min(first + ROWS))
}

/// What a network says of a function: [`OUT`] numbers for each step of the hour ahead.
type Said = Vec<f32>;

impl Halved for Recurrent {
    const KIND: &'static str = KIND;

    fn say_other(&self, views: &Views<'_>) -> Vec<Forecast> {
        let mut forecasts = Vec::with_capacity(views.members.len());
        for places in batches(views) {
            let [first, second] =
                self.ask(views, places.clone(), |member, number| half_of(member) != number);
            let said =
                first.iter().zip(&second).map(|(first, second)| first.as_ref().or(second.as_ref()));
            for (place, said) in places.zip(said) {
                forecasts.push(self.told(views, place, &[said.expect("the other half was asked")]));
            }
        }
        forecasts
    }

    fn say_each(&self, views: &Views<'_>) -> [Vec<Forecast>; 2] {
        let [mut both, mut other] = [(), ()].map(|()| Vec::with_capacity(views.members.len()));
        for places in batches(views) {
            let [first, second] = self.ask(views, places.clone(), |_, _| true);
            for (place, said) in places.zip(first.iter().zip(&second)) {
                let (Some(first), Some(second)) = said else { unreachable!("both were asked") };
                let own = half_of(views.members.start + place);
                both.push(self.told(views, place, &[first, second]));
                other.push(self.told(views, place, &[[second, first][own]]));
            }
        }
        [both, other]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_told_as_each_of_its_steps_alone() {
        let column = |number: usize| -> [f32; LANES] {
            std::array::from_fn(|ahead| match number % 4 {
                0 => -0.0,
                1 => number as f32,
                2 => (ahead / 5 * number) as f32 - 30.0,
                _ => (ahead * 7919 % 13) as f32 / 3.0,
            })
        };
        let block: Block<OWN> = std::array::from_fn(column);
        for width in [PLAIN, WIDTH] {
            let network = Network::new(INPUTS, 2, width, 2, &mut split(1, "hour"));
            let measure = (0..width).map(|place| (place as f32 / 9.0, 0.5)).collect();
            let half = Half { network, measure, horizon: LANES };
            let [mut hour, mut steps] = [(), ()].map(|()| Batch::default());
            half.add_hour(&mut hour, &block);
            for ahead in 0..LANES {
                half.add_question(&mut steps, block.iter().map(|column| column[ahead]));
            }
            let bits = |batch: &Batch| batch.own.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&hour), bits(&steps));
        }
    }
}
