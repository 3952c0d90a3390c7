//! From what models say to what a mind takes: whole numbers, sound and bounded.

use swell_core::demand::{StepDemand, WHOLE};

use crate::bands::{LEVELS, Quantiles};

/// A step as a mind takes it, from quantiles of its count and, where it is known better than
/// those tell, the chance of any call.
pub fn step(quantiles: &Quantiles, chance: Option<f32>) -> StepDemand {
    let [_, q10, q50, q90, q975] = quantiles.map(thousandths);
    // Halfway from the ninetieth to where the next level stands lies the ninety-fifth.
    let share = (0.95 - LEVELS[3]) / (LEVELS[4] - LEVELS[3]);
    let q95 = q90 + (f64::from(q975.saturating_sub(q90)) * f64::from(share)) as u32;
    let chance = chance.unwrap_or_else(|| any(quantiles));
    let q50 = q50.max(q10);
    let q90 = q90.max(q50);
    StepDemand { chance: per_mille(chance), q10, q50, q90, q95: q95.max(q90) }
}

/// A share in thousandths.
pub fn per_mille(share: f32) -> u16 {
    // The cast saturates, and turns what is not a number into zero.
    ((share * f32::from(WHOLE)).round() as u16).min(WHOLE)
}

fn thousandths(count: f32) -> u32 {
    (f64::from(count) * 1e3).round() as u32
}

/// The chance of at least one call, read off the quantiles: half a call is where none and one
/// part, and between two levels the chance goes evenly.
fn any(quantiles: &Quantiles) -> f32 {
    let mut below = 0.0;
    let mut former = 0.0f32;
    for (&quantile, level) in quantiles.iter().zip(LEVELS) {
        if quantile >= 0.5 {
            let span = quantile - former;
            let part = if span > 0.0 { (0.5 - former) / span } else { 0.0 };
            return 1.0 - (below + (level - below) * part.clamp(0.0, 1.0));
        }
        (below, former) = (level, quantile);
    }
    (1.0 - below) * former.max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_sound_whatever_the_model_said() {
        for quantiles in [
            [0.0; 5],
            [f32::NAN; 5],
            [f32::INFINITY; 5],
            [-3.0, -2.0, -1.0, 0.0, 1.0],
            [9.0, 7.0, 5.0, 3.0, 1.0],
            [0.0, 0.0, 0.3, 2.0, 1e30],
        ] {
            for chance in [None, Some(f32::NAN), Some(7.0), Some(-1.0)] {
                let step = step(&quantiles, chance);
                assert!(step.is_sound(), "{quantiles:?} {chance:?}: {step:?}");
            }
        }
    }

    #[test]
    fn the_chance_of_any_call_is_read_off_the_quantiles() {
        for (quantiles, least, most) in [
            ([0.0, 0.0, 0.0, 0.0, 0.0], 0, 0),
            ([0.0, 0.0, 0.0, 1.0, 2.0], 290, 310),
            ([0.0, 0.0, 1.0, 2.0, 3.0], 690, 710),
            ([1.0, 2.0, 3.0, 4.0, 5.0], 980, 1000),
            ([0.0, 0.0, 0.0, 0.0, 0.4], 5, 15),
        ] {
            let chance = step(&quantiles, None).chance;
            assert!((least..=most).contains(&chance), "{quantiles:?}: {chance}");
        }
    }
}
