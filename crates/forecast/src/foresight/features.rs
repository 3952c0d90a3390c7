//! A function's habit as numbers that a regression across functions learns from.
//!
//! Most are logarithms of odds, so that a regression can simply add them: what the function's
//! own silences say, what silences of all functions say at that age, what the place in the
//! hour says; and beside them how much each of these is worth.

use crate::foresight::habit::Habit;
use crate::foresight::logistic::log_odds;

/// Features of a step.
pub const FEATURES: usize = 30;

/// The weights to begin with: the function's own hazard and the hour, nothing else.
pub fn first_weights() -> Vec<f32> {
    let mut weights = vec![0.0; FEATURES];
    weights[1] = 0.4;
    weights[2] = 0.3;
    weights[3] = 0.2;
    weights
}

/// Silences of all functions: how many ended at each age, how many lasted so long.
#[derive(Debug, Clone)]
pub struct Crowd {
    ended: Vec<f32>,
    lasted: Vec<f32>,
}

/// How fast the crowd's silences are forgotten, per step.
const FADE: f32 = 0.9995;

impl Crowd {
    /// Nothing is known; silences end as they usually do, rarely.
    pub fn new(ages: usize) -> Self {
        Self { ended: vec![0.02; ages + 1], lasted: vec![1.0; ages + 1] }
    }

    /// A silence of that age ended with the step, or not.
    pub fn note(&mut self, age: usize, ended: bool) {
        self.lasted[age] += 1.0;
        self.ended[age] += f32::from(u8::from(ended));
    }

    /// A step has passed.
    pub fn fade(&mut self) {
        self.ended.iter_mut().chain(&mut self.lasted).for_each(|value| *value *= FADE);
    }

    /// The chance that a silence of that age ends.
    pub fn hazard(&self, age: usize) -> f32 {
        self.ended[age] / self.lasted[age]
    }
}

/// The features of `step`, which is not known yet; nor may be steps before it, which are then
/// taken to be silent. None for who was never called.
pub fn features(habit: &Habit, crowd: &Crowd, step: u64) -> Option<[f32; FEATURES]> {
    let age = habit.age(step)?;
    let usual = crowd.hazard(age);
    let (ended, lasted) = habit.ended(age);
    let sum = |ages: &[usize]| {
        ages.iter().fold((0.0, 0.0), |(ends, lasts), &age| {
            let (ended, lasted) = habit.ended(age);
            (ends + ended, lasts + lasted)
        })
    };
    let near = sum(&[age.saturating_sub(1), age, age + 1]);
    let wide = sum(&[age.saturating_sub(2), age.saturating_sub(1), age, age + 1, age + 2]);
    let own = log_odds(ended, lasted, usual, 1.0);
    let (commonest, share) = habit.commonest();
    let rate = habit.shares[2].max(habit.shares[3]).clamp(1e-3, 0.999);
    let phase = |period| {
        let (hits, all) = habit.at_phase(step, period);
        log_odds(hits, all, rate, 1.5)
    };
    let known = (habit.gaps.min(64) as f32 / 64.0).sqrt();
    let truth = |is: bool| f32::from(u8::from(is));
    let repeats = |place: usize| truth(age == usize::from(habit.recent[place]));
    let odds = |share: f32| log_odds(share, 1.0, rate, 0.05);
    let hour = phase(60);
    Some([
        1.0,
        own,
        log_odds(near.0, near.1, usual, 1.0),
        log_odds(wide.0, wide.1, usual, 1.0),
        log_odds(usual, 1.0, 0.02, 0.0),
        own * known,
        (age as f32).ln_1p() / 5.0,
        known,
        odds(habit.shares[0]),
        odds(habit.shares[1]),
        odds(habit.shares[2]),
        odds(habit.shares[3]),
        repeats(0),
        repeats(1),
        repeats(0) * repeats(1),
        truth(age == commonest) * share,
        truth(age == commonest) * share * share * known,
        truth(age < commonest) * share * share,
        truth(age > commonest) * share * share,
        hour,
        phase(30),
        phase(15),
        phase(10),
        phase(5),
        hour * truth(habit.gaps > 20),
        truth(lasted == 0.0),
        truth(habit.gaps < 3),
        (lasted.min(30.0) / 30.0) * own,
        habit.size.min(100.0).ln_1p() / 4.0,
        truth(age == 1),
    ])
}
