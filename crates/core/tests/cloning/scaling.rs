//! Demand that is not what was foreseen, and demand that swings.

use swell_core::action::{Action, StopCause};
use swell_core::settings::CloningMode;
use swell_core::time::Span;

use crate::stage::{F, Stage, at};

/// Foresees as many calls as there are, high and low by turns, for so many steps each.
fn square(high_steps: u64, low_steps: u64, waves: u64) -> (Stage, Vec<usize>) {
    let mut stage = Stage::new(CloningMode::On, |_| {});
    let mut changes = Vec::new();
    for wave in 0..waves {
        let before = stage.log.len();
        for step in 0..high_steps + low_steps {
            let begin = at(60 * (wave * (high_steps + low_steps) + step));
            stage.until(begin);
            let calls = if step < high_steps { 300 } else { 0 };
            stage.foresee(&[calls]);
            // Evenly over the step: ten at work at a time.
            for call in 0..calls / 5 {
                stage.until(begin + Span::from_secs(u64::from(call)));
                (0..5).for_each(|_| stage.call(F));
            }
        }
        let of_wave = stage.log[before..].iter();
        let starts_and_stops = of_wave
            .filter(|(_, action)| matches!(action, Action::Start { .. } | Action::Stop { .. }));
        changes.push(starts_and_stops.count());
    }
    (stage, changes)
}

#[test]
fn square_waves_make_no_oscillation() {
    for (high, low) in [(1, 1), (2, 1), (3, 3), (5, 5)] {
        let (_, changes) = square(high, low, 6);
        let later = &changes[1..];
        let most = later.iter().max().expect("there are waves");
        // What works stays with keep-alive; clones beyond it come and go at most once a wave.
        assert!(*most <= 40, "{high} high, {low} low: {changes:?} changes");
        assert!(later.iter().max() <= changes.iter().max(), "no wave is worse than the first");
    }
}

#[test]
fn what_was_foreseen_and_does_not_come_is_let_go_by_halves() {
    let mut stage = Stage::new(CloningMode::On, |_| {});
    stage.learn();
    stage.foresee(&[300]);
    stage.until(at(30));
    let made = stage.clones_begun().len();
    assert!(made >= 10, "{made} clones for ten calls at work at a time");
    let mut left = Vec::new();
    for minute in 1..9 {
        stage.until(at(60 * minute));
        stage.foresee(&[0]);
        stage.until(at(60 * minute + 59));
        left.push(stage.live());
    }
    assert!(left[0] as usize > made / 2, "nothing goes within the patience: {left:?}");
    assert!(left.windows(2).all(|pair| pair[1] >= pair[0] / 2), "by halves: {left:?}");
    assert_eq!(left.last(), Some(&1), "what has served is left to keep-alive: {left:?}");
    assert_eq!(stage.stopped(StopCause::Released).len(), made);
}

#[test]
fn a_surge_that_nobody_foresaw_is_met_at_once_and_within_bounds() {
    let mut stage = Stage::new(CloningMode::On, |_| {});
    // Without any forecast: ever more calls at a time.
    for second in 0..60u64 {
        stage.until(at(second));
        (0..=second / 4).for_each(|_| stage.call(F));
    }
    let begun = stage.clones_begun();
    assert!(!begun.is_empty(), "clones are made without a forecast");
    let busy = stage.site.pool().known(F).busy();
    assert!(stage.live() <= busy + busy / 4 + 8, "{} live for {busy} at work", stage.live());
    let off = {
        let mut stage = Stage::new(CloningMode::Off, |_| {});
        for second in 0..60u64 {
            stage.until(at(second));
            (0..=second / 4).for_each(|_| stage.call(F));
        }
        stage.site.receipt(stage.now).real.served.warm
    };
    let on = stage.site.receipt(stage.now).real.served.warm;
    assert!(on > off, "{on} calls met a ready instance instead of {off}");
}

#[test]
fn starts_keep_to_their_rate() {
    let mut stage = Stage::new(CloningMode::On, |settings| settings.starts_per_second = 2);
    stage.learn();
    stage.foresee(&[300]);
    stage.until(at(6));
    let begun = stage.clones_begun().len();
    assert!((6..=8).contains(&begun), "{begun} in three seconds");
}

#[test]
fn clones_keep_to_their_share_of_memory() {
    let mut stage = Stage::new(CloningMode::On, |settings| settings.share = 30);
    stage.learn();
    stage.foresee(&[300]);
    stage.until(at(30));
    assert_eq!(stage.clones_begun().len(), 3, "three of 100 MB are 30 thousandths of 10 GB");
}
