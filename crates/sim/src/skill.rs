//! Whether forecasts know more than how often a function is called.
//!
//! A forecast gives each function a chance of a call in the step that begins. Where calls come by
//! chance alone, the share of steps of late that had one is as good, and no clone that goes by the
//! forecast gains anything over habit. So both are held against what came, by the mean square of
//! what they miss (the score of Brier, 1950), and told as a skill: the share of the misses of the
//! rate that the forecast spares, 1 for one that knows all, 0 for one that knows the rate, less
//! than 0 for one that is worse.

use swell_core::demand::WHOLE;
use swell_core::ids::FunctionId;
use swell_core::time::Span;

/// After so long, a step counts half in the rate of a function.
const HALF: Span = Span::from_mins(180);
/// From so many steps on the share of them with a call is a rate.
const STEPS_LEAST: f64 = 30.0;

/// One function's steps.
#[derive(Debug, Clone, Copy, Default)]
struct Rate {
    called: f64,
    steps: f64,
    is_called: bool,
    chance: f64,
}

/// Forecasts and rates beside what came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Skill {
    functions: Vec<Rate>,
    missed: f64,
    missed_by_rate: f64,
}

impl Skill {
    pub(crate) fn new(functions: usize) -> Self {
        Self { functions: vec![Rate::default(); functions], ..Self::default() }
    }

    pub(crate) fn on_call(&mut self, function: FunctionId) {
        self.functions[function.index()].is_called = true;
    }

    /// A step is over, and these are the chances of the next, in thousandths.
    pub(crate) fn close(&mut self, step: Span, chances: &[u16]) {
        let kept = (-std::f64::consts::LN_2 * step.secs_f64() / HALF.secs_f64()).exp();
        for (own, &next) in self.functions.iter_mut().zip(chances) {
            let came = f64::from(u8::from(own.is_called));
            // Before its first call nobody knows a function, and after few steps nobody its rate.
            if own.called > 0.0 && own.steps >= STEPS_LEAST {
                let rate = own.called / own.steps;
                self.missed += (own.chance - came) * (own.chance - came);
                self.missed_by_rate += (rate - came) * (rate - came);
            }
            own.called = own.called * kept + came;
            own.steps = own.steps * kept + 1.0;
            own.is_called = false;
            own.chance = f64::from(next) / f64::from(WHOLE);
        }
    }

    /// The skill so far; none before anything was missed.
    pub(crate) fn share(&self) -> Option<f64> {
        (self.missed_by_rate > 0.0).then(|| 1.0 - self.missed / self.missed_by_rate)
    }
}

#[cfg(test)]
mod tests {
    use swell_core::rng::{self, below};

    use super::*;

    /// What comes of a forecaster that gives each minute a chance, of minutes that are called.
    fn skill(is_called: impl Fn(u64, &mut rng::Rng) -> bool, chance: impl Fn(u64) -> u16) -> f64 {
        let (mut skill, mut rng) = (Skill::new(1), rng::split(5, "skill"));
        for minute in 0..5_000 {
            if is_called(minute, &mut rng) {
                skill.on_call(FunctionId(0));
            }
            skill.close(Span::from_mins(1), &[chance(minute + 1)]);
        }
        skill.share().expect("minutes were missed")
    }

    #[test]
    fn who_knows_the_rate_has_none_and_who_knows_the_minutes_has_all() {
        let by_chance = |_: u64, rng: &mut rng::Rng| below(rng, 1000) < 200;
        let by_clock = |minute: u64, _: &mut rng::Rng| minute.is_multiple_of(5);
        let known = |minute: u64| if minute.is_multiple_of(5) { 1000 } else { 0 };
        assert!(skill(by_chance, |_| 200).abs() < 0.02);
        assert!(skill(by_clock, known) > 0.99);
        assert!(skill(by_clock, |_| 200).abs() < 0.02);
        assert!(skill(by_chance, known) < -0.5, "worse than the rate");
    }

    #[test]
    fn a_rate_is_not_judged_by_the_first_call() {
        let mut skill = Skill::new(1);
        for minute in 0..29 {
            if minute == 3 {
                skill.on_call(FunctionId(0));
            }
            skill.close(Span::from_mins(1), &[0]);
            assert_eq!(skill.share(), None, "minute {minute}");
        }
        (0..60).for_each(|_| skill.close(Span::from_mins(1), &[0]));
        let share = skill.share().expect("its rate is known");
        assert!(
            share > 0.9,
            "no call came, none was foreseen, and the rate missed a little: {share}"
        );
    }
}
