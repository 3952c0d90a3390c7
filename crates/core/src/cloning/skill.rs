//! Whether forecasts know more than how often a function is called.
//!
//! A forecast gives each function a chance of a call in the step that begins. Where calls come by
//! chance alone, the share of steps of late that had one is as good, and no clone that goes by the
//! forecast gains anything over habit. So both are held against what came, by the mean square of
//! what they miss (the score of Brier, 1950), and told as a skill: the share of the misses of the
//! rate that the forecast spares, 1 for one that knows all, 0 for one that knows the rate, less
//! than 0 for one that is worse.

use crate::demand::WHOLE;
use crate::ids::FunctionId;
use crate::time::Span;

/// After so long, a step counts half in the rate of a function, and in the skill of late.
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
pub struct Skill {
    functions: Vec<Rate>,
    /// Steps so far, faded as those of a function are: who is heard of late was silent before.
    steps: f64,
    /// All so far.
    all: Missed,
    /// The same, of late.
    late: Missed,
}

/// What was missed, in squares.
#[derive(Debug, Clone, Copy, Default)]
struct Missed {
    by_forecast: f64,
    by_rate: f64,
}

impl Missed {
    fn share(self) -> Option<f64> {
        (self.by_rate > 0.0).then(|| 1.0 - self.by_forecast / self.by_rate)
    }
}

impl Skill {
    /// A function was called in the step under way.
    pub fn on_call(&mut self, function: FunctionId) {
        self.of(function).is_called = true;
    }

    /// The chance of a call in the step that begins, in thousandths. Of whom nothing is said, nothing
    /// is expected.
    pub fn say(&mut self, function: FunctionId, chance: u16) {
        self.of(function).chance = f64::from(chance.min(WHOLE)) / f64::from(WHOLE);
    }

    /// A step is over.
    pub fn close(&mut self, step: Span) {
        let kept = (-std::f64::consts::LN_2 * step.secs_f64() / HALF.secs_f64()).exp();
        let mut new = Missed::default();
        for own in &mut self.functions {
            let came = f64::from(u8::from(own.is_called));
            // Before its first call nobody knows a function, and after few steps nobody its rate.
            if own.called > 0.0 && own.steps >= STEPS_LEAST {
                let rate = own.called / own.steps;
                new.by_forecast += (own.chance - came) * (own.chance - came);
                new.by_rate += (rate - came) * (rate - came);
            }
            own.called = own.called * kept + came;
            own.steps = own.steps * kept + 1.0;
            own.is_called = false;
            own.chance = 0.0;
        }
        self.steps = self.steps * kept + 1.0;
        let Self { all, late, .. } = self;
        for (sum, kept) in [(all, 1.0), (late, kept)] {
            sum.by_forecast = sum.by_forecast * kept + new.by_forecast;
            sum.by_rate = sum.by_rate * kept + new.by_rate;
        }
    }

    /// What was said of the step under way is not judged: another followed that nobody spoke of.
    pub fn forget_step(&mut self) {
        for own in &mut self.functions {
            (own.is_called, own.chance) = (false, 0.0);
        }
    }

    /// The skill so far; none before anything was missed.
    pub fn share(&self) -> Option<f64> {
        self.all.share()
    }

    /// The skill of late, less what may be chance in it: the share of what rates missed that one
    /// call in as many as they missed may make. Nothing before anything was missed.
    pub fn surely(&self) -> f64 {
        let share = self.late.share().map(|share| share - self.late.by_rate.sqrt().recip());
        share.unwrap_or(0.0).max(0.0)
    }

    fn of(&mut self, function: FunctionId) -> &mut Rate {
        let index = function.index();
        if index >= self.functions.len() {
            let silent = Rate { steps: self.steps, ..Rate::default() };
            self.functions.resize(index + 1, silent);
        }
        &mut self.functions[index]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{self, below};

    /// What comes of a forecaster that gives each minute a chance, of minutes that are called.
    fn skill(is_called: impl Fn(u64, &mut rng::Rng) -> bool, chance: impl Fn(u64) -> u16) -> f64 {
        let (mut skill, mut rng) = (Skill::default(), rng::split(5, "skill"));
        for minute in 0..5_000 {
            skill.say(FunctionId(0), chance(minute));
            if is_called(minute, &mut rng) {
                skill.on_call(FunctionId(0));
            }
            skill.close(Span::from_mins(1));
        }
        assert!(skill.surely() <= skill.share().unwrap_or(0.0).max(0.02));
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
        let mut skill = Skill::default();
        for minute in 0..29 {
            if minute == 3 {
                skill.on_call(FunctionId(0));
            }
            skill.close(Span::from_mins(1));
            assert_eq!(skill.share(), None, "minute {minute}");
        }
        (0..60).for_each(|_| skill.close(Span::from_mins(1)));
        let share = skill.share().expect("its rate is known");
        assert!(
            share > 0.9,
            "no call came, none was foreseen, and the rate missed a little: {share}"
        );
    }

    #[test]
    fn little_that_was_missed_and_what_is_long_past_say_little() {
        let mut skill = Skill::default();
        let mut play = |minutes: u64, chance: &dyn Fn(bool) -> u16| {
            for minute in 0..minutes {
                let is_called = minute % 10 == 9;
                if is_called {
                    skill.on_call(FunctionId(0));
                }
                skill.say(FunctionId(0), chance(is_called));
                skill.close(Span::from_mins(1));
            }
            (skill.share(), skill.surely())
        };
        let knows = |is_called: bool| if is_called { 1000 } else { 0 };
        let (share, surely) = play(50, &knows);
        assert!(share.is_some_and(|share| share > 0.9) && surely < 0.5, "{share:?} {surely}");
        let (_, surely) = play(1_000, &knows);
        assert!(surely > 0.75, "{surely}");
        let (share, surely) = play(3_000, &|_| 100);
        assert!(share.is_some_and(|share| share > 0.2) && surely < 0.05, "{share:?} {surely}");
        skill.say(FunctionId(0), 1000);
        skill.forget_step();
        let before = skill.share();
        skill.close(Span::from_mins(1));
        assert!(skill.share() > before, "a call that nobody spoke of did not come");
    }
}
