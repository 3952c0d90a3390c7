//! Models across functions that are told of other series forecast what follows them better, and are
//! hardly worse for series that have nothing to do with calls.

use swell_core::rng::{Rng, split, unit};
use swell_forecast::bands::{Forecast, LEVELS};
use swell_forecast::catalogue::{Entry, entries};
use swell_forecast::forecaster::{Budget, Model};
use swell_forecast::measure::pinball;
use swell_forecast::panel::{Member, Panel};
use swell_forecast::regressor::series::Regressor;
use swell_forecast::series::Series;

const STEPS: usize = 480;
const TAUGHT: usize = 360;
const HORIZON: usize = 6;

fn budget() -> Budget<'static> {
    Budget { examples: 8_000, rounds: 40, steps: 100, ..Budget::FULL }
}

fn noise(rng: &mut Rng) -> f32 {
    (0..6).map(|_| unit(rng) as f32 - 0.5).sum()
}

/// A level that wanders, with jumps.
fn queue(rng: &mut Rng) -> Vec<f32> {
    let mut level = 0.0f32;
    let step = |_| {
        level = 0.9 * level + noise(rng) + if unit(rng) < 0.03 { 6.0 * noise(rng) } else { 0.0 };
        20.0 + 3.0 * level
    };
    (0..STEPS).map(step).collect()
}

/// Thirty functions: the first twenty follow the queue by four to eight steps, each in its measure,
/// half of them the other way round; the others do not.
fn panel(queue: &[f32], rng: &mut Rng) -> Panel {
    let member = |number: usize| {
        let (size, lag) = (20.0 + 10.0 * (number % 7) as f32, 4 + number % 5);
        let sign = if number.is_multiple_of(2) { 1.0 } else { -1.0 };
        let count = |step: usize| {
            let drive = if number < 20 { queue[step.saturating_sub(lag)] - 20.0 } else { 0.0 };
            let calls = size * (1.0 + 0.06 * sign * drive) + 0.1 * size * noise(rng);
            Some(calls.max(0.0).round() as u32)
        };
        let counts = Series::from_counts((0..STEPS).map(count));
        Member { name: format!("f{number}"), counts, ..Member::default() }
    };
    Panel::new((0..30).map(member).collect(), 12)
}

fn entry(name: &str) -> Entry {
    entries().find(|entry| entry.name == name).expect("it is in the catalogue")
}

/// The pinball loss over the last quarter, of who follows and of who does not.
fn losses(model: &dyn Model, panel: &Panel) -> [f64; 2] {
    let mut losses = [0.0; 2];
    for origin in (TAUGHT..STEPS - HORIZON).step_by(11) {
        let said = model.predict(&panel.before(origin), 0..30, HORIZON);
        for (member, Forecast { steps }) in said.iter().enumerate() {
            for (ahead, quantiles) in steps.iter().enumerate() {
                let came = panel.members[member].counts.get(origin + ahead).expect("no gap");
                for (said, level) in quantiles.iter().zip(LEVELS) {
                    losses[usize::from(member >= 20)] +=
                        pinball(f64::from(came), f64::from(*said), f64::from(level));
                }
            }
        }
    }
    losses
}

#[test]
fn what_calls_follow_is_told_to_trees_and_network() {
    let mut rng = split(8, "followed");
    let queue = queue(&mut rng);
    let plain = panel(&queue, &mut rng);
    let followed = |values: Vec<f32>| {
        let queue = Regressor { name: "queue".to_string(), values, is_planned: false };
        Panel { followed: vec![queue], ..plain.clone() }
    };
    let (told, misled) = (followed(queue), followed(self::queue(&mut rng)));
    for (name, helped) in [("gbm", 0.9), ("lstm", 0.95)] {
        let entry = entry(name);
        let fit = |panel: &Panel| entry.forecaster.fit(&panel.before(TAUGHT), &budget(), 3);
        let model = fit(&told);
        let ([without, _], [with, others]) =
            (losses(&*fit(&plain), &plain), losses(&*model, &told));
        if name == "gbm" {
            let [wrong, _] = losses(&*fit(&misled), &misled);
            assert!(wrong < 1.05 * without, "{wrong} with a series of chance, {without} without");
        }
        assert!(with < helped * without, "{name}: {with} with the series, {without} without");
        let back = entry.forecaster.read(&model.to_bytes()).expect("it was written whole");
        assert_eq!(losses(&*back, &told), [with, others], "{name} as bytes");
        // A model that was told of series does without them where the server is away.
        let [silent, _] = losses(&*model, &plain);
        assert!(silent < 3.0 * without, "{name}: {silent} without what it was taught with");
    }
}
