//! What is expected of a function of which hardly anything is known: a step or two without a call
//! prove no silence, and three calls in three steps no clockwork.
//!
//! Counts are taken as Poisson about a level that is itself unknown. With a gamma distribution for
//! the level the next count is negative binomial (Gelman et al., Bayesian Data Analysis, 3rd
//! edition, section 2.6): wide after one step, and with each more as narrow as counts allow. What
//! is believed before the first step is half a step at the level of the other functions.

use crate::bands::{Forecast, LEVELS, MEDIAN, Quantiles};
use crate::panel::Past;

/// From so many known steps on a function speaks for itself.
pub const FEW: usize = 12;
/// As how much of a call what is believed beforehand counts: the weight of ignorance for a
/// Poisson level (Jeffreys).
const SHAPE: f64 = 0.5;
/// Functions whose levels are looked at, and steps of each.
const ASKED: usize = 128;
const STEPS: usize = 12;
/// Above this mean a bell curve is as good.
const COUNTED_MAX: f64 = 200.0;
/// The normal deviates of [`LEVELS`].
const DEVIATES: [f64; LEVELS.len()] = [-1.96, -1.2816, 0.0, 1.2816, 1.96];

/// What functions are called in a step, usually, as far as the past tells: the middle of their
/// levels. None where no function is known well.
pub fn usual(past: &Past<'_>) -> Option<f32> {
    let every = past.members().div_ceil(ASKED).max(1);
    let level = |member: usize| {
        let first = past.origin().saturating_sub(STEPS);
        let known: Vec<f32> =
            (first..past.origin()).filter_map(|step| past.count(member, step)).collect();
        (known.len() == STEPS).then(|| known.iter().sum::<f32>() / STEPS as f32)
    };
    let mut levels: Vec<f32> = (0..past.members()).step_by(every).filter_map(level).collect();
    (!levels.is_empty()).then(|| crate::bands::quantile_of(&mut levels, 0.5))
}

/// The quantiles of the next count after some known ones; `usual` is what is believed beforehand.
pub fn next_count(known: &[f32], usual: Option<f32>) -> Quantiles {
    let sum: f64 = known.iter().map(|count| f64::from(count.max(0.0))).sum();
    let before = usual.map_or(0.0, |usual| SHAPE / f64::from(usual.max(0.1)));
    let (shape, steps) = (SHAPE + sum, before + known.len() as f64);
    if steps <= 0.0 {
        return [0.0; LEVELS.len()];
    }
    let mean = shape / steps;
    if mean > COUNTED_MAX {
        let spread = (mean * (1.0 + 1.0 / steps)).sqrt();
        return DEVIATES.map(|deviate| (mean + deviate * spread).max(0.0) as f32);
    }
    let again = 1.0 / (1.0 + steps);
    let (mut count, mut chance) = (0.0, (1.0 - again).powf(shape));
    let mut below = chance;
    LEVELS.map(|level| {
        while below < f64::from(level) && count < 100.0 * COUNTED_MAX {
            chance *= (count + shape) / (count + 1.0) * again;
            count += 1.0;
            below += chance;
        }
        count as f32
    })
}

/// A forecast with bands no narrower than what so few known counts allow.
#[must_use]
pub fn widened(mut forecast: Forecast, known: &[f32], usual: Option<f32>) -> Forecast {
    if known.is_empty() || known.len() >= FEW {
        return forecast;
    }
    let next = next_count(known, usual);
    let share = (FEW - known.len()) as f32 / (FEW - 1) as f32;
    for quantiles in &mut forecast.steps {
        for (place, quantile) in quantiles.iter_mut().enumerate() {
            let further = match place {
                ..MEDIAN => (next[place] - *quantile).min(0.0),
                MEDIAN => 0.0,
                _ => (next[place] - *quantile).max(0.0),
            };
            *quantile += share * further;
        }
    }
    forecast
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bands::{HIGH, LOW};

    #[test]
    fn little_is_known_after_a_step_and_more_with_each() {
        // The exact quantiles, as tables of the negative binomial distribution have them.
        for (known, usual, expected) in [
            (&[0.0][..], None, [0.0, 0.0, 0.0, 2.0, 3.0]),
            (&[5.0][..], None, [1.0, 2.0, 5.0, 10.0, 13.0]),
            (&[1.0, 1.0, 1.0][..], None, [0.0, 0.0, 1.0, 3.0, 4.0]),
            (&[][..], None, [0.0; 5]),
        ] {
            assert_eq!(next_count(known, usual), expected, "{known:?}");
        }
        let mut width = f32::MAX;
        for len in [1, 2, 4, 8, 64] {
            let next = next_count(&vec![9.0; len], None);
            assert!(next[HIGH] - next[LOW] <= width, "{len}: {next:?}");
            width = next[HIGH] - next[LOW];
        }
        let busy = next_count(&[1e6], None);
        assert!(busy[LOW] < 1e6 && busy[HIGH] > 1e6 && busy[HIGH] < 1.01e6, "{busy:?}");
        assert!(next_count(&[0.0], Some(50.0))[HIGH] >= 2.0);
        assert_eq!(next_count(&[], Some(0.1))[LOW], 0.0);
    }

    #[test]
    fn bands_are_widened_and_middles_kept() {
        let certain = || Forecast::flat([1.0; 5], 2);
        let [step, _] = widened(certain(), &[1.0; 3], None).steps[..] else { panic!("two steps") };
        assert!(step[LOW] < 0.5 && step[MEDIAN] == 1.0 && step[HIGH] > 2.0, "{step:?}");
        assert_eq!(widened(certain(), &[1.0; FEW], None), certain());
        assert_eq!(widened(certain(), &[], None), certain());
    }
}
