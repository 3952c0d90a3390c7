//! What is out of the ordinary is noticed, and what is not is left alone.

mod by_chance;
mod data;

use swell_core::rng::{Rng, split};
use swell_forecast::bands::{LEVELS, Quantiles, quantiles_of};
use swell_forecast::chance::{poisson_at_most, quantile};
use swell_forecast::series::Series;
use swell_forecast::watch::anomaly::{Anomaly, Oddity};
use swell_forecast::watch::watcher::{FALSE_ALARMS_MAX, Sight, Watcher, changed_share, is_usual};

use crate::by_chance::poisson;

const DAY: usize = 288;

fn exact(mean: f64) -> Quantiles {
    LEVELS.map(|level| {
        quantile(f64::from(level), 1 << 30, |count| poisson_at_most(count, mean)) as f32
    })
}

fn sight(step: usize, count: u32, quantiles: Quantiles) -> Sight {
    let quantiles = Some(quantiles);
    Sight { step: step as u64, count: Some(count), quantiles, place: step % DAY, day: DAY }
}

fn kind(anomaly: &Anomaly) -> &'static str {
    match anomaly.oddity {
        Oddity::Spike { .. } => "spike",
        Oddity::LevelShift { .. } => "shift",
        Oddity::Silence { .. } => "silence",
        Oddity::ChangedSeason { .. } => "season",
    }
}

#[test]
fn right_forecasts_raise_hardly_an_alarm() {
    let mut rng = split(1, "calm");
    for mean in [0.02, 0.3, 1.0, 4.0, 30.0, 400.0] {
        let quantiles = exact(mean);
        let (mut alarms, mut steps) = (0usize, 0usize);
        for _ in 0..20 {
            let mut watcher = Watcher::default();
            for step in 0..10_000 {
                let sight = sight(step, poisson(&mut rng, mean), quantiles);
                alarms += watcher.look("calm", &sight).len();
                steps += 1;
            }
            assert!(watcher.is_plausible());
        }
        let rate = alarms as f64 / steps as f64;
        assert!(rate <= FALSE_ALARMS_MAX, "{alarms} alarms in {steps} steps at {mean}");
    }
}

#[test]
fn what_was_hardly_ever_called_has_nothing_that_is_usual() {
    let told = |counts: &[u32]| {
        let series = Series::from_counts(counts.iter().copied().map(Some));
        let mut watcher = Watcher::default();
        let look = |(step, &count): (usize, &u32)| {
            let before = counts[..step].iter().rev().take(12).map(|&count| count as f32);
            let mut before: Vec<f32> = before.collect();
            let quantiles = (!before.is_empty()).then(|| quantiles_of(&mut before));
            let quantiles = quantiles.filter(|_| is_usual(&series, step));
            let (count, place) = (Some(count), step % DAY);
            watcher.look("new", &Sight { step: step as u64, count, quantiles, place, day: DAY })
        };
        counts.iter().enumerate().flat_map(look).map(|one| kind(&one)).collect::<Vec<_>>()
    };
    let first_calls = [&[0; 30][..], &[5, 4, 6, 5, 5, 4], &[262]].concat();
    assert!(told(&first_calls).is_empty(), "first calls are no spike");
    let one_burst = [&[0; 30][..], &[613, 598, 640], &[0; 40]].concat();
    assert!(told(&one_burst).is_empty(), "the end of a burst is no silence");
    let known = [&[5, 4, 6, 5, 3, 5][..]; 4].concat();
    assert_eq!(told(&[&known[..], &[262]].concat()), ["spike"]);
    assert_eq!(told(&[&known[..], &[0; 6]].concat()), ["silence"]);
}

/// The quantiles of the four hours that ended an hour before a step.
fn window(counts: &[u32], step: usize) -> Option<Quantiles> {
    let end = step.checked_sub(11)?;
    let mut window: Vec<f32> =
        counts[end.saturating_sub(48)..end].iter().map(|&count| count as f32).collect();
    (window.len() == 48).then(|| quantiles_of(&mut window))
}

fn watch(counts: &[u32]) -> Vec<Anomaly> {
    let mut watcher = Watcher::default();
    let look = |(step, &count): (usize, &u32)| {
        let quantiles = window(counts, step);
        let place = step % DAY;
        let sight = Sight { step: step as u64, count: Some(count), quantiles, place, day: DAY };
        watcher.look("hello", &sight)
    };
    counts.iter().enumerate().flat_map(look).collect()
}

#[test]
fn forecasts_from_a_window_raise_few() {
    let mut rng = split(2, "window");
    for mean in [0.1, 2.0, 50.0] {
        let runs = 10;
        let counts = |_| (0..5000).map(|_| poisson(&mut rng, mean)).collect::<Vec<u32>>();
        let alarms: usize = (0..runs).map(counts).map(|counts| watch(&counts).len()).sum();
        assert!(alarms as f64 / 50_000.0 <= 3.0 * FALSE_ALARMS_MAX, "{alarms} at {mean}");
    }
}

/// Of 40 series that change at step 400, in how many that is noticed as what it is, within so
/// many steps.
fn noticed(expected: &str, within: u64, count: impl Fn(&mut Rng, usize) -> u32) -> usize {
    let noticed = |seed: &u64| {
        let mut rng = split(*seed, expected);
        let counts: Vec<u32> = (0..480).map(|step| count(&mut rng, step)).collect();
        watch(&counts).iter().any(|anomaly| {
            kind(anomaly) == expected && (400..400 + within).contains(&anomaly.noticed)
        })
    };
    (0..40u64).filter(noticed).count()
}

#[test]
fn each_kind_is_noticed_soon() {
    for mean in [1.0, 10.0, 100.0] {
        let spike = |rng: &mut Rng, step: usize| {
            poisson(rng, mean) + if step == 400 { (10.0 * mean) as u32 + 15 } else { 0 }
        };
        let noticed = noticed("spike", 1, spike);
        assert!(noticed >= 38, "spike at {mean}: {noticed} of 40");
    }
    for (mean, then) in [(2.0, 8.0), (10.0, 25.0), (100.0, 160.0), (20.0, 6.0)] {
        let shift = |rng: &mut Rng, step: usize| poisson(rng, if step < 400 { mean } else { then });
        let noticed = noticed("shift", 12, shift);
        assert!(noticed >= 37, "shift from {mean} to {then}: {noticed} of 40");
    }
    for (mean, within) in [(1.0, 24), (5.0, 8), (100.0, 4)] {
        let silence = |rng: &mut Rng, step: usize| if step < 400 { poisson(rng, mean) } else { 0 };
        let noticed = noticed("silence", within, silence);
        assert!(noticed >= 37, "silence at {mean}: {noticed} of 40");
    }
}

#[test]
fn a_day_that_moves_is_noticed_once_and_its_hours_are_told() {
    let mut rng = split(3, "day");
    let mut watcher = Watcher::default();
    let mut told = Vec::new();
    for step in 0..12 * DAY {
        let hour = (step % DAY) as f64 / 12.0;
        let moved = if step / DAY >= 8 { 4.0 } else { 0.0 };
        let height =
            |hour: f64| (1.0 + (std::f64::consts::TAU * (hour - 14.0) / 24.0).cos()).powi(4);
        let mean = 0.2 + height(hour - moved);
        let quantiles = Some(exact(0.2 + height(hour)));
        let count = Some(poisson(&mut rng, mean));
        let (place, day) = (step % DAY, DAY);
        let sight = Sight { step: step as u64, count, quantiles, place, day };
        told.extend(watcher.look("hello", &sight).into_iter().filter(|a| kind(a) == "season"));
    }
    let first = told.first().expect("the day moved by four hours");
    assert_eq!(first.noticed, 9 * DAY as u64);
    assert!(matches!(first.oddity, Oddity::ChangedSeason { hours: 4, .. }), "{first}");
    assert!(told.len() <= 2, "{told:?}");
    assert!(watcher.has_changed(first.noticed) || told.len() == 2);
    assert_eq!(changed_share([watcher, Watcher::default()].iter(), 9 * DAY as u64 + 1), 0.5);
}

#[test]
fn gaps_and_nonsense_are_passed_over() {
    let mut watcher = Watcher::default();
    for step in 0..2000u64 {
        let quantiles = match step % 4 {
            0 => Some([f32::NAN; 5]),
            1 => Some([9.0, 3.0, 1.0, -4.0, f32::INFINITY]),
            2 => None,
            _ => Some([f32::MAX; 5]),
        };
        let count = (step % 3 != 0).then_some(if step % 5 == 0 { u32::MAX } else { 0 });
        let (place, day) = ((step % 7) as usize, (step % 9) as usize);
        watcher.look("odd", &Sight { step, count, quantiles, place, day });
        assert!(watcher.is_plausible(), "{watcher:?}");
    }
}

/// Injected into the second half of a recorded day: what is found of it, and how many alarms
/// there are without. Most of these are real (levels that double, bursts in silence), as seen
/// from a forecast that is no more than the last four hours.
#[test]
fn in_recorded_days_most_of_what_is_injected_is_found() {
    let panel = data::azure(12);
    let members = panel.members.iter().map(|member| {
        (0..DAY).map(|step| member.counts.get(step).unwrap_or(0)).collect::<Vec<u32>>()
    });
    let busy: Vec<Vec<u32>> =
        members.filter(|counts| counts[..144].iter().sum::<u32>() >= 5 * 144).collect();
    assert!(busy.len() >= 20, "{}", busy.len());
    let before: usize = busy.iter().map(|counts| watch(counts).len()).sum();
    let (mut found, mut injected) = (0, 0);
    for (place, counts) in busy.iter().enumerate() {
        let usual = counts[..144].iter().max().copied().unwrap_or(0);
        for expected in ["spike", "shift", "silence"] {
            let start = 200 + place % 40;
            let mut counts = counts.clone();
            for (step, count) in counts.iter_mut().enumerate() {
                match expected {
                    "spike" if step == start => *count += 10 * usual + 50,
                    "shift" if step >= start => *count = 3 * *count + 2 * usual,
                    "silence" if step >= start => *count = 0,
                    _ => {}
                }
            }
            injected += 1;
            let window = start as u64..start as u64 + 24;
            found += usize::from(watch(&counts).iter().any(|a| window.contains(&a.noticed)));
        }
    }
    let (share, per_day) = (found as f64 / f64::from(injected), before as f64 / busy.len() as f64);
    assert!(share >= 0.9, "{found} of {injected} were found");
    assert!(per_day <= 1.6, "{before} alarms in a day of {} functions", busy.len());
}
