//! Whether a function can be predicted, by how good what was said of it was.

use swell_api::forecast::Verdict;

use crate::foresight::odds::Odds;
use crate::foresight::score::Score;
use crate::foresight::usual::Usual;

/// Minutes, and steps, below which nothing can be said.
const MINUTES_LEAST: u64 = 60;
const STEPS_LEAST: f64 = 24.0;
/// What is left of the weight of so few steps.
const UNFADED: f64 = 0.95;
/// From this share of minutes with a call on a function is warm anyway.
const MOSTLY: f64 = 0.95;
/// What forecasts must do better than guessing by, to be of use.
const SKILL_LEAST: f64 = 0.05;
/// Counts that are told with no more loss than this, as a share of them, are told well, even if the
/// same is said of each step.
const ERROR_MAX: f64 = 0.1;

/// What can be told of a function with these scores. `known` is how many of its calls are certain
/// by its schedule.
pub fn verdict(known: usize, minutes: Option<&Odds>, steps: Option<&Score>) -> Verdict {
    let of = |predictable: &str, text: String| Verdict { predictable: predictable.into(), text };
    if known > 0 {
        return of("yes", "its schedule says when it is called".to_string());
    }
    let minutes = minutes.filter(|odds| odds.scored >= MINUTES_LEAST);
    let steps =
        steps.map(|score| &score.usual).filter(|usual| usual.steps() >= UNFADED * STEPS_LEAST);
    let share = minutes.map_or(0.0, Odds::share);
    if share >= MOSTLY {
        let share = percent(share);
        return of("yes", format!("{share} of minutes see a call, so it is warm anyway"));
    }
    let told: Vec<String> =
        minutes.and_then(moments).into_iter().chain(steps.and_then(counts)).collect();
    if !told.is_empty() {
        return of("yes", told.join("; "));
    }
    if minutes.is_none() && steps.is_none() {
        let (minutes, steps) = (MINUTES_LEAST, STEPS_LEAST);
        return of(
            "unknown",
            format!("fewer than {minutes} minutes and {steps} steps were scored"),
        );
    }
    if share == 0.0 && steps.and_then(Usual::skill).is_none() {
        return of("unknown", "it was hardly called of late".to_string());
    }
    let calls = if minutes.is_some() {
        format!("calls come in {} of minutes, as if by chance", percent(share))
    } else {
        "counts change as if by chance".to_string()
    };
    of("no", format!("{calls}; clones ahead of them are made only where that is cheap"))
}

/// What can be told of a function that was never called.
pub fn untold() -> Verdict {
    let text = "it was never called, so nothing is known of it".to_string();
    Verdict { predictable: "unknown".to_string(), text }
}

/// How well it is told in which minutes calls come, if that is better than luck.
fn moments(odds: &Odds) -> Option<String> {
    let skill = odds.skill().filter(|&skill| skill >= SKILL_LEAST.max(odds.luck()))?;
    let less = percent(skill);
    Some(format!(
        "whether a minute sees a call is told with {less} less error than by its usual share"
    ))
}

/// How well it is told how many calls steps bring, if that is better than luck, or good anyway.
fn counts(usual: &Usual) -> Option<String> {
    let known = usual.skill().zip(usual.luck());
    let skill = known.filter(|&(skill, luck)| skill >= SKILL_LEAST.max(luck));
    if let Some((skill, _)) = skill {
        let less = percent(skill);
        return Some(format!(
            "how many calls a step brings is told with {less} less error than by what steps usually \
             bring"
        ));
    }
    usual.error().filter(|&error| error <= ERROR_MAX)?;
    Some("each step brings about as many calls as was said".to_string())
}

fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use swell_core::rng::{below, split, unit};
    use swell_forecast::bands::{LEVELS, Quantiles};

    use super::*;

    /// Minutes of which each fourth sees a call; chances are as given for it and the others.
    fn minutes(count: u32, chances: [u16; 2]) -> Odds {
        let mut odds = Odds::default();
        for minute in 0..count {
            let called = minute.is_multiple_of(4);
            odds.say(chances[usize::from(!called)]);
            odds.came(called);
        }
        odds
    }

    fn steps(count: u32, error: f32) -> Score {
        let mut score = Score::default();
        for step in 0..count {
            let came = (step % 2) as f32 * 10.0;
            score.step(came, [[came, came, came + error, 20.0, 20.0]].iter());
        }
        score
    }

    #[test]
    fn who_can_be_predicted_is_told_and_who_cannot() {
        let (sure, dice, few) =
            (minutes(99, [900, 50]), minutes(99, [250, 250]), minutes(9, [0, 0]));
        let (good, poor) = (steps(99, 1.0), steps(99, 12.0));
        for (known, odds, score, predictable, words) in [
            (3, None, None, "yes", "its schedule"),
            (0, Some(&sure), None, "yes", "whether a minute sees a call"),
            (0, Some(&dice), Some(&good), "yes", "how many calls a step brings"),
            (0, Some(&dice), Some(&poor), "no", "25 % of minutes"),
            (0, None, Some(&poor), "no", "counts change"),
            (0, Some(&few), None, "unknown", "fewer than 60 minutes"),
        ] {
            let told = verdict(known, odds, score);
            assert_eq!(told.predictable, predictable, "{told:?}");
            assert!(told.text.contains(words), "{told:?}");
        }
    }

    #[test]
    fn what_is_always_called_is_warm_anyway() {
        let mut always = Odds::default();
        (0..99).for_each(|_| always.came(true));
        assert!(verdict(0, Some(&always), None).text.contains("warm anyway"));
    }

    /// The quantiles of some counts.
    fn quantiles(mut counts: Vec<f32>) -> Quantiles {
        counts.sort_by(f32::total_cmp);
        LEVELS.map(|level| counts[(level * counts.len() as f32) as usize])
    }

    /// What is made of counts each step of which is forecast by the counts `back` says are like it,
    /// with steps of which there are that many known.
    fn judged(counts: &[f32], back: impl Fn(usize) -> Vec<usize>) -> (String, Option<f64>) {
        let mut score = Score::default();
        for (step, &came) in counts.iter().enumerate() {
            let like: Vec<f32> = back(step).into_iter().map(|step| counts[step]).collect();
            if !like.is_empty() {
                score.step(came, [quantiles(like)].iter());
            }
        }
        (verdict(0, None, Some(&score)).predictable, score.mase())
    }

    /// The so many steps before.
    fn last(count: usize) -> impl Fn(usize) -> Vec<usize> {
        move |step| (step.saturating_sub(count)..step).collect()
    }

    /// The same step of days of so many, of as many as there were, a step either side of it.
    fn days(day: usize) -> impl Fn(usize) -> Vec<usize> {
        move |step| {
            let days = (1..=step / day).map(|back| step - back * day);
            days.flat_map(|same| same.saturating_sub(2)..(same + 3).min(step)).collect()
        }
    }

    #[test]
    fn chance_is_not_predictable_though_any_median_beats_the_step_before() {
        let mut fooled = 0;
        for seed in 0..60 {
            let mut rng = split(seed, "chance");
            let len = 60 + 20 * seed as usize;
            let coins: Vec<f32> = (0..len).map(|_| below(&mut rng, 2) as f32).collect();
            let batches: Vec<f32> = (0..len)
                .map(|_| {
                    if unit(&mut rng) < 0.12 {
                        [8.0, 15.0, 30.0][below(&mut rng, 3) as usize]
                    } else {
                        0.0
                    }
                })
                .collect();
            for counts in [coins, batches] {
                for window in [12, 48, 200] {
                    let (told, mase) = judged(&counts, last(window));
                    assert_eq!(told, "no", "{seed}, {len} steps, window of {window}");
                    fooled += usize::from(mase.is_some_and(|mase| mase <= 0.95));
                }
                assert_eq!(judged(&counts, days(24)).0, "no", "{seed}, {len} steps, days");
            }
        }
        assert!(fooled > 100, "medians were nearer than the step before {fooled} times");
    }

    #[test]
    fn a_rhythm_a_trend_and_a_timer_are_predictable() {
        for seed in 0..20 {
            let mut rng = split(seed, "rhythm");
            let day: Vec<f32> = (0..24 * 8)
                .map(|hour| {
                    let mean = 20.0 + 15.0 * (hour as f64 * TAU / 24.0).sin();
                    (mean + 8.0 * (unit(&mut rng) - 0.5)) as f32
                })
                .map(f32::round)
                .collect();
            assert_eq!(judged(&day, days(24)).0, "yes", "{seed}: a day");
            let mut level = 50.0;
            let trend: Vec<f32> = (0..300)
                .map(|_| {
                    level += 1.0 + 4.0 * (unit(&mut rng) - 0.5);
                    (level + 6.0 * (unit(&mut rng) - 0.5)) as f32
                })
                .map(f32::round)
                .collect();
            assert_eq!(judged(&trend, last(6)).0, "yes", "{seed}: a trend");
        }
        let timer: Vec<f32> = (0..200).map(|step| f32::from(u8::from(step % 6 == 0))).collect();
        let same = |step: usize| step.checked_sub(6).into_iter().collect();
        assert_eq!(judged(&timer, same).0, "yes", "a timer");
        assert_eq!(judged(&[5.0; 80], last(12)).0, "yes", "as many in each step");
    }
}
