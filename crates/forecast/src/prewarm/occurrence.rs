//! Trees across functions for the chance that any call comes in the next step.
//!
//! Counts of rare functions are close to unpredictable; whether one is called at all is not.
//! What two halves of the functions teach is averaged, as in the model of counts.

use std::ops::Range;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use swell_core::rng::{split, unit};

use crate::boost::bins::Bins;
use crate::boost::booster::{Booster, Goal, Lesson, Manner};
use crate::boost::grow::Shape;
use crate::checkpoint::{self, CheckpointError};
use crate::forecaster::Budget;
use crate::global::features::{Sight, WIDTH};
use crate::network::matrix::sigmoid;
use crate::panel::Past;
use crate::prewarm::readiness::Readiness;

const KIND: &str = "occurrence";
/// An origin needs so many known steps before it to teach anything.
const KNOWN: usize = 48;
/// How far back lessons begin: two weeks of 5-minute steps.
const REACH: usize = 4032;
/// Ensembles whose answers are averaged.
const ENSEMBLES: usize = 2;

/// The chance of any call, learned across functions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Occurrence {
    ensembles: Vec<Booster>,
}

impl Occurrence {
    /// Learns from the past. The same past, budget and seed give the same trees.
    pub fn learn(past: &Past<'_>, budget: &Budget<'_>, seed: u64) -> Self {
        let (rows, targets) = lessons(past, budget.examples, seed);
        let weights = vec![1.0; targets.len()];
        let bins = Bins::of(&rows, WIDTH);
        let binned = bins.bin(&rows);
        drop(rows);
        let slots: [Mutex<Option<Booster>>; ENSEMBLES] = std::array::from_fn(|_| Mutex::new(None));
        (budget.each)(ENSEMBLES, &|job| {
            let lesson =
                Lesson { bins: &bins, binned: &binned, targets: &targets, weights: &weights };
            let booster = Booster::fit(lesson, MANNER, budget, seed + 100 + job as u64);
            *slots[job].lock().expect("no job broke") = Some(booster);
        });
        let taken = slots.into_iter().map(|slot| slot.into_inner().expect("no job broke"));
        Self { ensembles: taken.map(|booster| booster.expect("each job was done")).collect() }
    }

    /// The model as a checkpoint.
    pub fn to_bytes(&self) -> Vec<u8> {
        checkpoint::write(KIND, self)
    }

    /// The model that these bytes were made of.
    pub fn read(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let model: Self = checkpoint::read(KIND, bytes)?;
        let is_whole = model.ensembles.len() == ENSEMBLES
            && model.ensembles.iter().all(|booster| booster.is_sound(WIDTH));
        if is_whole { Ok(model) } else { Err(CheckpointError::Damaged) }
    }
}

const MANNER: Manner = Manner {
    goal: Goal::Chance,
    rate: 0.06,
    rows: 0.6,
    columns: 0.4,
    shape: Shape { leaves: 31, rows: 50, calm: 2.0 },
};

/// Rows of functions at earlier origins, and whether any call came.
fn lessons(past: &Past<'_>, most: usize, seed: u64) -> (Vec<f32>, Vec<f32>) {
    let (mut rows, mut targets) = (Vec::new(), Vec::new());
    let first = past.origin().saturating_sub(REACH).max(KNOWN);
    let there_are = past.origin().saturating_sub(first) * past.members();
    let chance = most as f64 / there_are.max(1) as f64;
    let mut rng = split(seed, "occurrence");
    let mut row = [0.0; WIDTH];
    for member in 0..past.members() {
        let filled = past.filled(member);
        for origin in first..past.origin() {
            let Some(came) = past.count(member, origin).filter(|_| unit(&mut rng) < chance) else {
                continue;
            };
            let then = past.until(origin);
            Sight::of(&then, member, filled[..origin].to_vec(), 1).row(&then, 0, &mut row);
            rows.extend(row);
            targets.push(f32::from(u8::from(came > 0.0)));
        }
    }
    (rows, targets)
}

impl Readiness for Occurrence {
    fn ready(&self, past: &Past<'_>, members: Range<usize>) -> Vec<f32> {
        let mut row = [0.0; WIDTH];
        let chance = |member| {
            Sight::of(past, member, past.filled(member), 1).row(past, 0, &mut row);
            let sum: f32 = self.ensembles.iter().map(|booster| booster.value(&row)).sum();
            sigmoid(sum / ENSEMBLES as f32)
        };
        members.map(chance).collect()
    }
}
