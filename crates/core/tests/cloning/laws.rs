//! Laws of scaling, for whatever demand: waves of any length, surges of any size, crash loops.

use proptest::prelude::*;
use swell_core::action::{Action, StopCause};
use swell_core::cloning::scaling::Surplus;
use swell_core::settings::CloningMode;
use swell_core::time::{Instant, Span};

use crate::stage::{F, STEP, Stage, at};

/// Calls a second while a wave is high; each runs two seconds.
const HIGH: u64 = 5;

/// Demand that is high for half of `period_s` and then nil, foreseen to go on as in the step
/// before: a forecast that is always late. Starts and stops of each wave.
fn waves(period_s: u64, count: u64) -> Vec<usize> {
    let mut stage = Stage::new(CloningMode::On, |_| {});
    let (mut changes, mut calls) = (Vec::new(), 0);
    for wave in 0..count {
        let before = stage.log.len();
        for second in 0..period_s {
            let now = wave * period_s + second;
            stage.until(at(now));
            if now > 0 && now.is_multiple_of(STEP.nanos() / 1_000_000_000) {
                stage.foresee(&[std::mem::take(&mut calls)]);
            }
            if second < period_s / 2 {
                calls += HIGH as u32;
                (0..HIGH).for_each(|_| stage.call(F));
            }
        }
        let of_wave = stage.log[before..].iter();
        let is_change =
            |action: &Action| matches!(action, Action::Start { .. } | Action::Stop { .. });
        changes.push(of_wave.filter(|(_, action)| is_change(action)).count());
    }
    changes
}

#[test]
fn no_wave_of_whatever_length_makes_it_swing() {
    // What works at a time, and what is kept ready beyond it.
    let needed = (HIGH * 2 + HIGH * 2 / 4 + 2) as usize;
    for period_s in [10, 30, 50, 70, 90, 110, 120, 130, 170, 200, 240, 300, 420, 600, 900] {
        let changes = waves(period_s, 8);
        let later = &changes[2..];
        // Each instance begins and ends at most once a wave, even if every forecast is late.
        assert!(later.iter().all(|&own| own <= 2 * needed), "{period_s} s: {changes:?}");
        let is_short = Span::from_secs(period_s) < STEP;
        assert!(!is_short || later.iter().all(|&own| own == 0), "{period_s} s: {changes:?}");
    }
}

/// What happens at a time: so many calls come, or so many are foreseen for the step.
#[derive(Debug, Clone, Copy)]
enum News {
    Calls(u32),
    Foreseen(u32),
}

fn news() -> impl Strategy<Value = Vec<(u64, News)>> {
    let own = prop_oneof![(0u32..40).prop_map(News::Calls), (0u32..400).prop_map(News::Foreseen)];
    prop::collection::vec((1u64..50, own), 1..25)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn clones_go_by_halves_and_never_before_a_surplus_has_lasted(news in news()) {
        let mut stage = Stage::new(CloningMode::On, |_| {});
        stage.learn();
        let mut now = 5;
        for (after, own) in news {
            now += after;
            stage.until(at(now));
            match own {
                News::Calls(calls) => (0..calls).for_each(|_| stage.call(F)),
                News::Foreseen(calls) => stage.foresee(&[calls]),
            }
        }
        stage.until(at(now) + STEP * 12);
        let released = stage.stopped(StopCause::Released);
        // Never sooner than one step after the last start of a clone that it could be.
        if let Some(&(first, _)) = released.first() {
            let begun = stage.clones_begun();
            prop_assert!(begun.first().is_some_and(|&begun| first >= begun + STEP));
        }
        // What goes at a time is half of what there is, rounded up; so between two times of
        // release a step passes.
        let mut times: Vec<Instant> = released.iter().map(|(at, _)| *at).collect();
        times.dedup();
        prop_assert!(times.windows(2).all(|pair| pair[1].since(pair[0]) >= STEP), "{times:?}");
        // In the end only what has served is left to keep-alive.
        prop_assert_eq!(stage.site.pool().known(F).clones(), 0);
    }

    #[test]
    fn a_surge_is_met_at_once_within_trigger_and_cap(
        calls in 1u32..200,
        said in prop::option::of(0u32..100),
        rate in 1u32..60,
    ) {
        let mut stage = Stage::new(CloningMode::On, |settings| settings.starts_per_second = rate);
        stage.learn();
        stage.until(at(60));
        // Of what is foreseen, nothing may be begun before the surge: it would not be due to it.
        if let Some(said) = said {
            stage.foresee_steps(vec![swell_core::demand::StepDemand {
                q95: said * 1000,
                ..Default::default()
            }], Vec::new());
        }
        let before = stage.clones_begun().len();
        (0..calls).for_each(|_| stage.call(F));
        let begun = stage.clones_begun().len() - before;
        let exceeds = calls >= 3 && f64::from(calls) > 1.2 * f64::from(said.unwrap_or(0));
        prop_assert!(exceeds || begun == 0, "{begun} begun for {calls} beside {said:?}");
        prop_assert!(begun as u32 <= (calls / 4).clamp(1, 64), "{begun} for {calls}");
        prop_assert!(begun as u32 <= rate, "{begun} of {rate} at once");
    }

    #[test]
    fn a_crash_loop_backs_off_and_is_over_once_a_clone_lives(seconds in 60u64..1800) {
        let mut stage = Stage::new(CloningMode::On, |_| {});
        stage.clones_start = false;
        let mut now = 0;
        while now < seconds {
            stage.foresee(&[1, 1]);
            now += 60;
            stage.until(at(now));
        }
        let begun = stage.clones_begun();
        // Twice as long after each, five minutes at most.
        let most = 3 + (seconds as f64).log2().ceil() as usize + (seconds / 300) as usize;
        prop_assert!(begun.len() <= most, "{} starts in {seconds} s", begun.len());
        stage.clones_start = true;
        stage.foresee(&[1, 1, 1, 1, 1, 1, 1]);
        stage.until(at(now + 400));
        prop_assert!(stage.live() > 0, "it is tried again");
    }

    #[test]
    fn a_surplus_that_is_gone_in_between_lets_nothing_go(
        looks in prop::collection::vec((1u64..59, 0u32..50), 1..200),
    ) {
        let (mut surplus, mut now) = (Surplus::default(), Instant::ZERO);
        for (after, count) in looks {
            now = now + Span::from_secs(after);
            prop_assert_eq!(surplus.settle(now, count, STEP).0, 0);
            surplus.settle(now, 0, STEP);
        }
    }
}
