//! Calls that come faster within moments than anybody said: what clones save of them, and what they
//! cost where it was chance.

use swell_core::rng::{self, Rng, unit};
use swell_core::settings::CloningMode;
use swell_core::time::{Instant, Span};

use crate::stage::{F, Stage};

/// How calls fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fared {
    /// Calls that found no instance ready.
    waited: u64,
    clones: usize,
    starts: usize,
}

fn fared(mode: CloningMode, calls: &[f64]) -> Fared {
    let mut stage = Stage::new(mode, |_| {});
    for &call in calls {
        stage.until(Instant::ZERO + Span::from_secs_f64(call));
        stage.call(F);
    }
    stage.until(stage.now + Span::from_secs(10));
    let served = stage.site.receipt(stage.now).real.served;
    let clones = stage.clones_begun().len();
    Fared { waited: served.cold + served.delayed, clones, starts: stage.starts() }
}

fn both(calls: &[f64]) -> (Fared, Fared) {
    (fared(CloningMode::Off, calls), fared(CloningMode::On, calls))
}

/// Calls by chance, at rates that change: each of a second, until a time.
fn calls(rng: &mut Rng, most: f64, until: f64, rate: impl Fn(f64) -> f64) -> Vec<f64> {
    let (mut at, mut calls) = (0.0, Vec::new());
    loop {
        at -= (1.0 - unit(rng)).ln() / most;
        if at >= until {
            return calls;
        }
        if unit(rng) * most < rate(at) {
            calls.push(at);
        }
    }
}

#[test]
fn a_jump_of_a_function_that_is_well_known_is_met_ahead() {
    for seed in 1..=5 {
        let mut rng = rng::split(seed, "jump");
        let jump = |at: f64| if at < 300.0 { 1.0 } else { 33.0 };
        let (off, on) = both(&calls(&mut rng, 33.0, 330.0, jump));
        // Who comes within the second that a start takes, and before it can be told, waits anyway.
        assert!(on.waited * 4 < off.waited * 3, "{on:?} beside {off:?}");
        assert!(on.starts < off.starts + off.starts / 3, "{on:?} beside {off:?}");
    }
}

#[test]
fn a_crowd_and_a_square_wave_are_met_ahead() {
    let crowd = |at: f64| match at {
        at if at < 200.0 => 0.5,
        at if at < 210.0 => 0.5 + 4.0 * (at - 200.0),
        at => 40.0 * (-(at - 210.0) / 60.0).exp(),
    };
    let wave = |at: f64| if at as u64 % 1200 >= 1140 { 20.0 } else { 0.1 };
    let sum = |rate: &dyn Fn(f64) -> f64, until: f64| {
        let (mut off_sum, mut on_sum) = (0, 0);
        for seed in 1..=4 {
            let mut rng = rng::split(seed, "crowd");
            let (off, on) = both(&calls(&mut rng, 40.0, until, rate));
            off_sum += off.waited;
            on_sum += on.waited;
        }
        (off_sum, on_sum)
    };
    let (off, on) = sum(&crowd, 300.0);
    assert!(on * 10 < off * 9, "crowds: {on} waited instead of {off}");
    let (off, on) = sum(&wave, 6_000.0);
    assert!(on * 10 < off * 9, "waves: {on} waited instead of {off}");
}

#[test]
fn chance_and_bursts_that_are_over_are_no_surge() {
    let mut rng = rng::split(3, "chance");
    let even = calls(&mut rng, 2.0, 3_000.0, |_| 2.0);
    // Thirty at once, and half a minute later again.
    let bursts: Vec<f64> =
        (0..600).map(|call| f64::from(call / 30) * 30.0 + f64::from(call % 30) * 0.004).collect();
    for (name, calls) in [("even", even), ("bursts", bursts)] {
        let (off, on) = both(&calls);
        assert!(on.starts <= off.starts + 6, "{name}: {on:?} beside {off:?}");
        assert!(on.waited <= off.waited, "{name}: {on:?} beside {off:?}");
    }
}

#[test]
fn what_breaks_off_is_not_believed_again_soon() {
    // Two seconds of many calls, every two minutes: over before clones are of use.
    let rate = |at: f64| if at % 120.0 < 1.0 { 30.0 } else { 0.2 };
    let mut rng = rng::split(5, "breaks off");
    let (off, on) = both(&calls(&mut rng, 30.0, 7_200.0, rate));
    assert!(on.clones < 200, "{on:?} beside {off:?}");
}

#[test]
fn a_jump_is_met_ahead_by_a_node_that_has_measured_nothing_yet() {
    let (mut off_sum, mut on_sum) = (0, 0);
    for seed in 1..=5 {
        let mut rng = rng::split(seed, "new");
        // Those of the first seconds all start an instance of their own.
        let (off, on) = both(&calls(&mut rng, 20.0, 20.0, |_| 20.0));
        off_sum += off.waited;
        on_sum += on.waited;
        assert!(on.starts <= off.starts + off.starts / 4, "{on:?} beside {off:?}");
    }
    assert!(on_sum * 10 < off_sum * 9, "{on_sum} waited instead of {off_sum}");
}
