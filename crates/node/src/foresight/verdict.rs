//! Whether a function can be predicted, by how good what was said of it was.

use swell_api::forecast::Verdict;

use crate::foresight::odds::Odds;
use crate::foresight::score::Score;

/// Minutes, and forecasts of steps, below which nothing can be said.
const MINUTES_LEAST: u64 = 60;
const STEPS_LEAST: u64 = 24;
/// From this share of minutes with a call on a function is warm anyway.
const MOSTLY: f64 = 0.95;
/// What forecasts must do better than guessing by, to be of use.
const SKILL_LEAST: f64 = 0.05;
/// Below so many calls a step, a median says nothing: it is mostly none.
const CALLS_LEAST: f64 = 0.5;

/// What can be told of a function with these scores. `known` is how many of its calls are certain
/// by its schedule.
pub fn verdict(known: usize, minutes: Option<&Odds>, steps: Option<&Score>) -> Verdict {
    let of = |predictable: &str, text: String| Verdict { predictable: predictable.into(), text };
    let minutes = minutes.filter(|odds| odds.scored >= MINUTES_LEAST);
    let steps = steps.filter(|score| score.scored >= STEPS_LEAST);
    let (share, skill) = minutes.map_or((0.0, None), |odds| (odds.share(), odds.skill()));
    let mase = steps.filter(|score| score.volume() >= CALLS_LEAST).and_then(Score::mase);
    let percent = |share: f64| format!("{:.0} %", 100.0 * share);
    let moments = skill.filter(|&skill| skill >= SKILL_LEAST).map(|skill| {
        let more = percent(skill);
        format!(
            "whether a minute sees a call is told with {more} less error than by its usual share"
        )
    });
    let counts = mase.filter(|&mase| mase <= 1.0 - SKILL_LEAST).map(|mase| {
        let less = percent(1.0 - mase);
        format!(
            "how many calls a step brings is told with {less} less error than by the step before"
        )
    });
    let told: Vec<String> = moments.into_iter().chain(counts).collect();
    if known > 0 {
        return of("yes", "its schedule says when it is called".to_string());
    }
    if share >= MOSTLY {
        let share = percent(share);
        return of("yes", format!("{share} of minutes see a call, so it is warm anyway"));
    }
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
    if share == 0.0 && mase.is_none() {
        return of("unknown", "it was hardly called of late".to_string());
    }
    let calls = if minutes.is_some() {
        format!("calls come in {} of minutes, as if by chance", percent(share))
    } else {
        "counts change as if by chance".to_string()
    };
    of("no", format!("{calls}; clones ahead of them are made only where that is cheap"))
}

#[cfg(test)]
mod tests {
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
            score.step(came, [[0.0, 0.0, came + error, 20.0, 20.0]].iter());
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
}
