//! What occasions change about a forecast that follows what came of late and knows nothing of them.
//!
//! Who counts minutes has soon seen what an occasion does: its forecasts rise with what comes. So
//! only what is new is told: how a step differs by its occasions from the steps that the forecast
//! rests on. At the beginning of a campaign that is all of its effect, after half an hour nothing,
//! and at its end the same the other way round.

use std::ops::Range;

use swell_core::demand::{StepDemand, WHOLE};

use crate::bands::Quantiles;
use crate::event::{EventEffect, together, whole};

/// How many times as much as without it, and how unsure that is: the standard deviation of its
/// logarithm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Turn {
    /// How many times as much, most likely.
    pub times: f32,
    /// How unsure that is.
    pub spread: f32,
}

/// Nothing changes.
pub const SAME: Turn = Turn { times: 1.0, spread: 0.0 };
/// Where the levels of quantiles lie in a normal distribution.
const DEVIATES: Quantiles = [-1.96, -1.2816, 0.0, 1.2816, 1.96];
/// At most so many times as much, and at least as much divided by this.
const TIMES_MAX: f32 = 100.0;

impl Turn {
    /// What occasions change about a step of a member, for a forecast that rests on the `rests`
    /// steps before `origin`.
    pub fn of(
        events: &[&EventEffect],
        member: usize,
        step: usize,
        origin: usize,
        rests: usize,
    ) -> Self {
        let [turn] = Self::of_parts(events, member, (step, 1), origin, rests)[..] else {
            unreachable!("a step in one part is one")
        };
        turn
    }

    /// The same of each of `count` parts of a step that are alike in length: an occasion that begins
    /// within the step changes those from then on.
    pub fn of_parts(
        events: &[&EventEffect],
        member: usize,
        (step, count): (usize, usize),
        origin: usize,
        rests: usize,
    ) -> Vec<Self> {
        let of = |part: Range<f64>| {
            let own = events.iter().filter(|event| event.is_of(member));
            let shares = own.map(|event| (event.effect, event.share_of(&part)));
            let effects =
                shares.filter(|(_, share)| *share > 0.0).map(|(e, share)| e.in_part(share));
            let (times, spread) = together(effects);
            (times.clamp(1.0 / TIMES_MAX, TIMES_MAX).ln(), spread)
        };
        let before = (origin.saturating_sub(rests)..origin).map(|step| of(whole(step)));
        let before: Vec<(f32, f32)> = before.collect();
        let len = before.len().max(1) as f32;
        let times_seen = before.iter().map(|(times, _)| times).sum::<f32>() / len;
        let spread_seen = before.iter().map(|(_, spread)| spread).sum::<f32>() / len;
        let begin = |part: usize| step as f64 + part as f64 / count as f64;
        let parts = (0..count).map(|part| of(begin(part)..begin(part + 1)));
        let turn = |(times, spread): (f32, f32)| Self {
            times: (times - times_seen).exp(),
            spread: (spread - spread_seen).max(0.0),
        };
        parts.map(turn).collect()
    }

    /// The same, and so many times as much besides.
    #[must_use]
    pub fn and_times(self, times: f32) -> Self {
        let times = if times.is_finite() && times > 0.0 { times } else { 1.0 };
        Self { times: (self.times * times).clamp(1.0 / TIMES_MAX, TIMES_MAX), ..self }
    }

    /// Quantiles of a count as they are with this.
    #[must_use]
    pub fn of_quantiles(self, quantiles: Quantiles) -> Quantiles {
        let times = DEVIATES.map(|deviate| self.times * (deviate * self.spread).exp());
        let mut least = 0.0f32;
        std::array::from_fn(|at| {
            least = least.max((quantiles[at] * times[at]).min(f32::MAX));
            least
        })
    }

    /// A step as it is with this: calls come so many times as often, so that none comes with that
    /// power of the chance.
    #[must_use]
    pub fn of_step(self, step: StepDemand) -> StepDemand {
        if self == SAME {
            return step;
        }
        let often = Often::of(step);
        let by = |number: u32, deviate: f32| {
            let times = f64::from(self.times) * f64::from((deviate * self.spread).exp());
            often.at(times, f64::from(number)).round() as u32
        };
        let mean = f64::from(self.times) * f64::from((self.spread * self.spread / 2.0).exp());
        let none = 1.0 - f64::from(step.chance.min(WHOLE)) / f64::from(WHOLE);
        let chance = ((1.0 - none.powf(mean)) * f64::from(WHOLE)).round() as u16;
        let q10 = by(step.q10, -1.2816);
        let q50 = by(step.q50, 0.0).max(q10);
        let q90 = by(step.q90, 1.2816).max(q50);
        let q95 = by(step.q95, 1.6449).max(q90);
        StepDemand { chance: chance.min(WHOLE), q10, q50, q90, q95 }
    }
}

/// Mean and variance of the calls of a step, in thousandths and millionths, as far as its numbers tell.
///
/// If calls come by chance at a rate that is not quite known (a mixed Poisson process), and then so many
/// times as often, the mean grows by so many times, and of the variance only what is not known of the rate
/// by their square: the chance evens out. So one that is called once a minute, or in one of three
/// minutes not at all, is called in every minute when it is called twelve times as often.
struct Often {
    mean: f64,
    variance: f64,
}

impl Often {
    /// The mass of the cases that the quantiles stand for.
    const MASSES: [f64; 4] = [0.3, 0.4, 0.225, 0.075];

    fn of(step: StepDemand) -> Self {
        let cases = [step.q10, step.q50, step.q90, step.q95].map(f64::from);
        let called = Self::MASSES.iter().zip(cases).filter(|(_, calls)| *calls > 0.0);
        let (mut mass, mut sum, mut squares) = (0.0, 0.0, 0.0);
        for (own, calls) in called {
            mass += own;
            sum += own * calls;
            squares += own * calls * calls;
        }
        // Of those in which any call comes, by the chance of that.
        let chance = f64::from(step.chance.min(WHOLE)) / f64::from(WHOLE);
        let share = if mass > 0.0 { chance / mass } else { 0.0 };
        let mean = share * sum;
        Self { mean, variance: (share * squares - mean * mean).max(0.0) }
    }

    /// A quantile as it is where calls come so many times as often.
    fn at(&self, times: f64, quantile: f64) -> f64 {
        if self.variance <= 0.0 || self.mean <= 0.0 {
            return quantile * times;
        }
        // Thousandths of a call: one call is a thousand of them.
        let by_chance = times * (1.0 - times) * self.mean * 1e3;
        let least = times.min(times * times) * self.variance;
        let variance = (times * times * self.variance + by_chance).max(least);
        let wider = (variance / self.variance).sqrt();
        (times * self.mean + wider * (quantile - self.mean)).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Effect, SPREAD_UNKNOWN};

    fn event(effect: Effect) -> EventEffect {
        let (kind, members) = ("sale".to_string(), vec![1]);
        EventEffect { kind, start: 10, end: 20, edges: [0.0; 2], members, effect }
    }

    #[test]
    fn only_what_is_new_is_told() {
        let sale = event(Effect::Times(8.0));
        let times = |member: usize, step: usize, origin: usize| {
            Turn::of(&[&sale], member, step, origin, 3).times
        };
        for (step, origin, expected) in [
            (9, 9, 1.0),
            (10, 9, 8.0),
            (10, 10, 8.0),
            (11, 11, 4.0),
            (12, 12, 2.0),
            (13, 13, 1.0),
            (20, 19, 0.125),
            (22, 22, 0.5),
            (23, 23, 1.0),
        ] {
            let found = times(1, step, origin);
            assert!((found - expected).abs() < 1e-3, "{step} from {origin}: {found}");
            assert_eq!(times(0, step, origin), 1.0, "it does not touch the other");
        }
        let unknown = event(Effect::Unknown);
        let turn = Turn::of(&[&unknown], 1, 10, 10, 3);
        assert_eq!((turn.times, turn.spread), (1.0, SPREAD_UNKNOWN));
        assert!(Turn::of(&[&unknown], 1, 12, 12, 3).spread < 0.5 * SPREAD_UNKNOWN);
    }

    #[test]
    fn minutes_are_changed_by_their_own_share_of_an_occasion() {
        // From the fourth minute of step 10 on, to the middle of the second of step 19.
        let sale = EventEffect { edges: [0.6, 0.7], ..event(Effect::Times(6.0)) };
        let times = |step: usize| Turn::of(&[&sale], 1, step, 9, 3).times;
        for (step, expected) in [(9, 1.0), (10, 3.0), (11, 6.0), (19, 2.5), (20, 1.0)] {
            assert!((times(step) - expected).abs() < 1e-3, "{step}: {}", times(step));
        }
        let minutes = |step: usize| -> Vec<f32> {
            let turns = Turn::of_parts(&[&sale], 1, (step, 5), 9, 3);
            turns.iter().map(|turn| (turn.times * 1e3).round() / 1e3).collect()
        };
        assert_eq!(minutes(10), [1.0, 1.0, 1.0, 6.0, 6.0]);
        assert_eq!(minutes(19), [6.0, 3.5, 1.0, 1.0, 1.0]);
        assert_eq!(minutes(9), [1.0; 5]);
        // Of what was seen a fifth of a step counts as that.
        let seen = Turn::of(&[&sale], 1, 12, 11, 1).times;
        assert!((seen - 2.0).abs() < 1e-3, "{seen}");
    }

    #[test]
    fn a_step_stays_sound_and_moves_where_it_should() {
        let step = StepDemand { chance: 500, q10: 0, q50: 1000, q90: 2000, q95: 3000 };
        let twice = Turn { times: 2.0, spread: 0.0 }.of_step(step);
        let expected = StepDemand { chance: 750, q10: 415, q50: 1874, q90: 3334, q95: 4793 };
        assert_eq!(twice, expected);
        assert_eq!(SAME.of_step(step), step);
        let quantiles = [0.0, 0.0, 1.0, 2.0, 3.0];
        assert_eq!(SAME.of_quantiles(quantiles), quantiles);
        let twice = Turn { times: 2.0, spread: 0.7 }.of_quantiles(quantiles);
        assert!(twice[2] == 2.0 && twice[3] > 8.0 && twice.is_sorted(), "{twice:?}");
        let unsure = Turn { times: 1.0, spread: 0.7 }.of_step(step);
        assert!(unsure.q50 == step.q50 && unsure.q90 > 3500 && unsure.chance > 550, "{unsure:?}");
        let fewer = Turn { times: 0.25, spread: 0.0 }.of_step(step);
        assert!(fewer.chance < 200 && fewer.q10 == 0 && fewer.q90 < 1000, "{fewer:?}");
        for times in [0.0, f32::NAN, f32::INFINITY, -1.0, 1e9] {
            let most = StepDemand { chance: 1000, q10: 1, q50: 2, q90: u32::MAX, q95: u32::MAX };
            for step in [step, most, StepDemand::default()] {
                let turn = SAME.and_times(times);
                assert!(turn.of_step(step).is_sound(), "{times} {step:?}");
            }
        }
    }

    #[test]
    fn chance_evens_out_where_calls_come_more_often_and_bursts_do_not() {
        let times = |step: StepDemand| Turn { times: 12.0, spread: 0.0 }.of_step(step);
        // About once a minute, and in one of three not at all.
        let often = times(StepDemand { chance: 650, q10: 0, q50: 1000, q90: 2000, q95: 3000 });
        assert!(often.chance == WHOLE && (4_000..10_000).contains(&often.q10), "{often:?}");
        assert!((9_000..14_000).contains(&often.q50), "{often:?}");
        assert!((14_000..22_000).contains(&often.q90), "{often:?}");
        // Nothing, or thirty at once: twelve times as many, and still for the most part nothing.
        let burst = times(StepDemand { chance: 150, q10: 0, q50: 0, q90: 30_000, q95: 70_000 });
        assert!(burst.q50 < 6_000 && burst.q90 > 330_000, "{burst:?}");
        // A timer is one that is called twelve times; of counts without a chance nothing is known.
        let timer = StepDemand { chance: WHOLE, q10: 1000, q50: 1000, q90: 1000, q95: 1000 };
        assert_eq!(times(timer).q10, 12_000);
        let counts = StepDemand { chance: 0, q10: 0, q50: 1000, q90: 2000, q95: 3000 };
        assert_eq!(times(counts).q90, 24_000);
    }
}
