//! One recurrent network for all functions (the long short-term memory of the founding
//! design): it reads the last counts in the function's own measure, and answers for each step
//! ahead with what is also known of it: calendar, events, what the function is.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use swell_core::rng::{Rng, below, split};

use crate::bands::Forecast;
use crate::checkpoint::{self, CheckpointError};
use crate::forecaster::{Budget, Forecaster, Model};
use crate::global::features::{Sight, WIDTH};
use crate::global::lessons::Stakes;
use crate::global::spread::spread;
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

/// A network and the measure of what it is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recurrent {
    network: Network,
    /// Mean and spread of each known number, after its root.
    measure: Vec<(f32, f32)>,
    horizon: usize,
}

impl Forecaster for Recurrence {
    fn fit(&self, past: &Past<'_>, budget: &Budget<'_>, seed: u64) -> Box<dyn Model> {
        let mut rng = split(seed, "recurrence");
        let network = Network::new(INPUTS, HIDDEN, WIDTH, UNITS, &mut rng);
        let mut model =
            Recurrent { network, measure: vec![(0.0, 1.0); WIDTH], horizon: self.horizon };
        let stakes = Stakes::of(past);
        let first = past.origin().saturating_sub(REACH).max(READ);
        if past.members() == 0 || first >= past.origin() {
            return Box::new(model);
        }
        let drawn = |model: &Recurrent, rng: &mut Rng| model.draw(past, &stakes, first, rng);
        model.measure = measure(&(0..8).map(|_| drawn(&model, &mut rng).0).collect::<Vec<_>>());
        let mut adam = Adam::new(model.network.weights_mut().len());
        for step in 0..budget.steps {
            if !(budget.proceed)() {
                break;
            }
            let (batch, answers) = drawn(&model, &mut rng);
            let (_, slopes) = model.network.learn(&batch, &answers);
            let done = step as f32 / budget.steps as f32;
            adam.step(model.network.weights_mut(), &slopes, RATE * (1.0 - 0.95 * done));
        }
        Box::new(model)
    }

    fn read(&self, bytes: &[u8]) -> Result<Box<dyn Model>, CheckpointError> {
        let model: Recurrent = checkpoint::read(KIND, bytes)?;
        let is_sound = model.network.is_sound(INPUTS, WIDTH)
            && model.measure.len() == WIDTH
            && model.horizon > 0;
        if is_sound { Ok(Box::new(model)) } else { Err(CheckpointError::Damaged) }
    }
}

/// Large numbers in few digits, with their sign.
fn rooted(value: f32) -> f32 {
    (value.abs() + (value * value + 1.0).sqrt()).ln().copysign(value)
}

/// What [`rooted`] was made of.
fn unrooted(value: f32) -> f32 {
    let grown = value.abs().min(20.0).exp();
    ((grown - 1.0 / grown) / 2.0).copysign(value)
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

impl Recurrent {
    /// A batch of functions and origins by chance, and what came.
    fn draw(
        &self,
        past: &Past<'_>,
        stakes: &Stakes,
        first: usize,
        rng: &mut Rng,
    ) -> (Batch, Answers) {
        let mut sights = Vec::with_capacity(ROWS);
        let mut answers = Answers::default();
        let mut asked = Vec::with_capacity(ROWS * ASKED);
        for _ in 0..ROWS {
            let member = below(rng, past.members() as u64) as usize;
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
        (self.batch(&sights, &asked, ASKED), answers)
    }

    /// What the network is told of some sights and of `asked` steps ahead of each.
    fn batch(&self, sights: &[(Past<'_>, Sight)], asked: &[usize], each: usize) -> Batch {
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

impl Model for Recurrent {
    fn predict(&self, past: &Past<'_>, members: Range<usize>, horizon: usize) -> Vec<Forecast> {
        let mut forecasts = Vec::with_capacity(members.len());
        let members: Vec<usize> = members.collect();
        for members in members.chunks(ROWS) {
            let sight = |&member: &usize| {
                (*past, Sight::of(past, member, past.filled(member), horizon.max(self.horizon)))
            };
            let sights: Vec<(Past<'_>, Sight)> = members.iter().map(sight).collect();
            let asked: Vec<usize> = members.iter().flat_map(|_| 0..horizon).collect();
            let out = self.network.ask(&self.batch(&sights, &asked, horizon));
            for ((_, sight), out) in sights.iter().zip(out.chunks_exact(horizon * OUT)) {
                let steps = out.chunks_exact(OUT).enumerate().map(|(ahead, out)| {
                    let at =
                        |out: f32| sight.scene.middle(ahead) + sight.scene.scale * unrooted(out);
                    spread(at(out[0]), at(out[1]), at(out[2]))
                });
                let last = sight.counts.last().copied().unwrap_or(0.0);
                let forecast = Forecast { steps: steps.collect() };
                forecasts.push(forecast.sane(past.most().min(bound(&sight.counts)), last));
            }
        }
        forecasts
    }

    fn to_bytes(&self) -> Vec<u8> {
        checkpoint::write(KIND, self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_come_back() {
        for value in [-1e6f32, -3.0, 0.0, 0.01, 7.0, 2e5] {
            let back = unrooted(rooted(value));
            assert!((back - value).abs() <= value.abs() * 1e-3 + 1e-5, "{value} became {back}");
        }
    }
}
