//! Series that calls follow make forecasts better, others do not make them worse.

use swell_core::rng::{Rng, split, unit};
use swell_forecast::bands::{Forecast, LEVELS, quantiles_of};
use swell_forecast::checkpoint::CheckpointError;
use swell_forecast::measure::pinball;
use swell_forecast::regressor::inputs::{EACH, inputs};
use swell_forecast::regressor::ridge::Ridge;
use swell_forecast::regressor::series::Regressor;

const STEPS: usize = 1200;
const HORIZON: usize = 6;

fn noise(rng: &mut Rng) -> f64 {
    (0..6).map(|_| unit(rng) - 0.5).sum()
}

/// Loss without and with a series, over the second half.
fn play(regressor: &Regressor, counts: &[f32]) -> (f64, f64) {
    let regressors = [regressor.clone()];
    let mut ridge = Ridge::new(&["queue"], EACH);
    let (mut plain_loss, mut told_loss) = (0.0, 0.0);
    let plain = |origin: usize| {
        let mut window = counts[origin - 24..origin].to_vec();
        Forecast::flat(quantiles_of(&mut window), HORIZON)
    };
    for step in 60..STEPS {
        // What was forecast of this step at each earlier origin has come true.
        for ahead in 0..HORIZON {
            let origin = step - 1 - ahead;
            if origin >= 48 {
                let told = inputs(&regressors, origin, ahead);
                ridge.learn("mail", &told, &plain(origin).steps[ahead], counts[origin + ahead]);
            }
        }
        let told = ridge.apply("mail", plain(step), |ahead| inputs(&regressors, step, ahead), 1e9);
        if step >= STEPS / 2 && step + HORIZON <= STEPS {
            for ahead in 0..HORIZON {
                let came = f64::from(counts[step + ahead]);
                for (level, of) in LEVELS.iter().enumerate() {
                    let loss = |f: &Forecast| {
                        pinball(came, f64::from(f.steps[ahead][level]), f64::from(*of))
                    };
                    plain_loss += loss(&plain(step));
                    told_loss += loss(&told);
                }
            }
        }
    }
    (plain_loss, told_loss)
}

/// A queue that fills and empties slowly, and calls that follow it two steps later.
fn queue(rng: &mut Rng, follows: f64) -> (Vec<f32>, Vec<f32>) {
    let mut level = 0.0f64;
    let queue: Vec<f64> = (0..STEPS + 20)
        .map(|_| {
            level = 0.97 * level + noise(rng);
            20.0 + 3.0 * level
        })
        .collect();
    let counts = (0..STEPS).map(|step| {
        let drive = if step < 2 { 20.0 } else { queue[step - 2] };
        (100.0 + follows * (drive - 20.0) * 4.0 + 4.0 * noise(rng)).max(0.0).round() as f32
    });
    let counts = counts.collect();
    (queue.iter().map(|value| *value as f32).collect(), counts)
}

#[test]
fn a_series_that_calls_follow_helps() {
    let mut rng = split(4, "queue");
    let (values, counts) = queue(&mut rng, 1.0);
    let regressor = Regressor { name: "queue".into(), values, is_planned: false };
    let (plain, told) = play(&regressor, &counts);
    assert!(told < 0.95 * plain, "{told} of {plain}");
}

#[test]
fn what_is_planned_helps_before_it_happens() {
    let mut rng = split(5, "spend");
    let mut spend = 0.0f32;
    let values: Vec<f32> = (0..STEPS + 20)
        .map(|_| {
            if unit(&mut rng) < 0.05 {
                spend = (4.0 * unit(&mut rng)) as f32;
            }
            spend
        })
        .collect();
    let count =
        |value: &f32| (100.0 + 40.0 * f64::from(*value) + 8.0 * noise(&mut rng)).round() as f32;
    let counts: Vec<f32> = values[..STEPS].iter().map(count).collect();
    let regressor =
        |is_planned| Regressor { name: "spend".into(), values: values.clone(), is_planned };
    let (plain, held) = play(&regressor(false), &counts);
    let (_, planned) = play(&regressor(true), &counts);
    assert!(held < 0.95 * plain, "{held} of {plain}");
    assert!(planned < 0.85 * held, "{planned} of {held}");
}

#[test]
fn a_series_that_has_nothing_to_do_with_it_hardly_hurts() {
    for seed in 0..4 {
        let mut rng = split(seed, "noise");
        let (values, counts) = queue(&mut rng, 0.0);
        let noise = Regressor { name: "queue".into(), values, is_planned: true };
        let (plain, told) = play(&noise, &counts);
        assert!(told < 1.02 * plain, "{told} of {plain}");
    }
}

#[test]
fn nothing_makes_it_wild_and_it_survives_as_bytes() {
    let mut ridge = Ridge::new(&["a", "b"], EACH);
    assert!(ridge.is_of(&["a", "b"]) && !ridge.is_of(&["a"]));
    let wild = [f64::NAN, f64::INFINITY, 1e300, -1e300, 0.0, 6.0];
    for turn in 0..600usize {
        let input: Vec<f64> =
            (0..2 * EACH).map(|of| wild[(turn * 7 + of * 5) % 6].clamp(-6.0, 6.0)).collect();
        let came = [f32::NAN, f32::MAX, 0.0, 1e9, -4.0][turn % 5];
        ridge.learn("x", &input, &[0.0, 1.0, 2.0, 3.0, came], came);
        ridge.learn("x", &input[..1], &[0.0; 5], 1.0);
    }
    let forecast = || Forecast::flat([0.0, 1.0, 2.0, 3.0, 4.0], 2);
    for inputs in [vec![6.0; 6], vec![-6.0; 6], vec![f64::NAN; 6], vec![]] {
        let told = ridge.apply("x", forecast(), |_| inputs.clone(), 50.0);
        let is_tame = |q: &f32| (0.0..=50.0).contains(q);
        assert!(told.steps.iter().all(|q| q.iter().all(is_tame) && q.is_sorted()), "{told:?}");
    }
    let bytes = ridge.to_bytes();
    assert_eq!(Ridge::from_bytes(&bytes), Ok(ridge));
    assert_eq!(Ridge::from_bytes(&bytes[..bytes.len() - 9]), Err(CheckpointError::Damaged));
    let none = Ridge::new(&[], EACH);
    assert_eq!(none.apply("x", forecast(), |_| Vec::new(), 50.0), forecast());
}
