//! Will a function be called in the next steps at all? A regression for all functions that
//! are called about as often, which learns with every step from what it just said.
//!
//! Counts of rare functions cannot be foreseen, but whether a call comes can, far better than
//! by a fixed time to live: by the function's own silences, by the hour, and by what
//! functions with such a past did. The regression sees each step after it spoke of it.

use crate::foresight::features::{Crowd, FEATURES, features, first_weights};
use crate::foresight::habit::{GAP_MAX, Habit};
use crate::foresight::logistic::Logistic;

/// The model, and what it knows of each function.
pub struct Occurrence {
    step: u64,
    habits: Vec<Option<Box<Habit>>>,
    crowd: Crowd,
    /// One for functions as rare as each of [`RARE`], and one for the others.
    models: [Logistic; RARE.len() + 1],
    said: Vec<Option<[f32; FEATURES]>>,
    misses: Vec<f32>,
}

/// Shares of busy steps below which functions are rare: what their silences mean differs.
const RARE: [f32; 2] = [0.03, 0.2];

fn class(habit: &Habit) -> usize {
    RARE.iter().take_while(|&&share| habit.shares[3] >= share).count()
}

/// How fast the confidence follows, per step.
const PACE: f32 = 0.02;

impl Default for Occurrence {
    fn default() -> Self {
        Self {
            step: 0,
            habits: Vec::new(),
            crowd: Crowd::new(GAP_MAX),
            models: std::array::from_fn(|_| Logistic::new(first_weights())),
            said: Vec::new(),
            misses: Vec::new(),
        }
    }
}

impl Occurrence {
    /// The step that is not known yet.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// A step has passed with so many calls of each function.
    pub fn note(&mut self, counts: &[u32]) {
        self.habits.resize_with(self.habits.len().max(counts.len()), || None);
        self.said.resize(self.habits.len(), None);
        self.misses.resize(self.habits.len(), 0.5);
        for (function, habit) in self.habits.iter_mut().enumerate() {
            let calls = counts.get(function).copied().unwrap_or(0);
            if let Some((said, habit)) = self.said[function].take().zip(habit.as_ref()) {
                let model = &mut self.models[class(habit)];
                let miss = f32::from(u8::from(calls > 0)) - model.chance(&said);
                self.misses[function] += PACE * (miss.abs() - self.misses[function]);
                model.learn(&said, calls > 0);
            }
            let habit = match (habit, calls) {
                (None, 0) => continue,
                (habit, _) => habit.get_or_insert_with(|| Box::new(Habit::new(self.step))),
            };
            if let Some(age) = habit.age(self.step) {
                self.crowd.note(age, calls > 0);
            }
            habit.note(self.step, calls);
        }
        self.crowd.fade();
        self.step += 1;
        let step = self.step;
        for (said, habit) in self.said.iter_mut().zip(&self.habits) {
            *said = habit.as_ref().and_then(|habit| features(habit, &self.crowd, step));
        }
    }

    /// How many functions there are.
    pub fn functions(&self) -> usize {
        self.habits.len()
    }

    /// What is known of a function.
    pub fn habit(&self, function: usize) -> Option<&Habit> {
        self.habits.get(function)?.as_deref()
    }

    /// How far what was said of a function was to be relied upon of late: one if it was always
    /// certain and right.
    pub fn confidence(&self, function: usize) -> f32 {
        self.misses.get(function).map_or(0.0, |miss| 1.0 - miss)
    }

    /// The chance of a call in each of the next steps, if none came in those before it.
    pub fn chances(&self, function: usize, steps: usize) -> Option<Vec<f32>> {
        let habit = self.habit(function)?;
        let model = &self.models[class(habit)];
        let first = self.said[function].as_ref().map(|said| model.chance(said))?;
        let later = (1..steps as u64).map(|ahead| {
            let said = features(habit, &self.crowd, self.step + ahead);
            said.map_or(0.0, |said| model.chance(&said))
        });
        Some(std::iter::once(first).chain(later).collect())
    }
}
