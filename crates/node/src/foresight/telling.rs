//! Forecasts in the words of the mind: whole numbers, by version of a function, in its time.

use swell_core::demand::{FunctionDemand, KNOWN_MAX, STEPS_MAX, StepDemand, WHOLE};
use swell_core::ids::FunctionId;
use swell_core::time::Instant;
use swell_forecast::bands::Quantiles;
use swell_forecast::foresight::quantized;

use crate::foresight::score::Score;

/// The share of counts that an 80 % band is to hold.
const PROMISED: f64 = 0.8;

/// What is expected of one version that gets `share` percent of its function's calls.
pub fn demand(
    function: FunctionId,
    share: u8,
    steps: &[Quantiles],
    confidence: u16,
    known: impl Iterator<Item = Instant>,
) -> FunctionDemand {
    let part = f32::from(share.min(100)) / 100.0;
    let steps = steps.iter().take(STEPS_MAX).map(|quantiles| step(quantiles, part));
    let known = if share > 0 { known.take(KNOWN_MAX).collect() } else { Vec::new() };
    FunctionDemand { function, confidence, steps: steps.collect(), known }
}

fn step(quantiles: &Quantiles, part: f32) -> StepDemand {
    quantized::step(&quantiles.map(|count| count.max(0.0) * part), None)
}

/// How much forecasts of a function are believed, in thousandths: full where the band held what
/// it promised and errors were no larger than usual changes, less where either was worse.
pub fn confidence(score: Option<&Score>) -> u16 {
    let told = score.and_then(|score| Some((score.coverage()?.of_80, score.mase()?)));
    let Some((coverage, mase)) = told else {
        return 0;
    };
    let held = (coverage / PROMISED).min(1.0);
    let right = if mase > 1.0 { 1.0 / mase } else { 1.0 };
    (held * right * f64::from(WHOLE)).round() as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_become_thousandths_of_a_share() {
        let certain =
            demand(FunctionId(3), 50, &[[2.0, 4.0, 10.0, 20.0, 40.0]], 700, [].into_iter());
        let StepDemand { chance, q10, q50, q90, q95 } = certain.steps[0];
        assert_eq!((q10, q50, q90), (2_000, 5_000, 10_000));
        assert!(chance > 950 && (10_000..20_000).contains(&q95), "{chance} {q95}");
        let rare = demand(FunctionId(3), 100, &[[0.0, 0.0, 0.0, 1.0, 2.0]], 0, [].into_iter());
        let step = rare.steps[0];
        assert!((200..400).contains(&step.chance), "{step:?}");
        let wild = demand(FunctionId(3), 100, &[[f32::MAX; 5]], 0, [].into_iter());
        assert_eq!(wild.steps[0].q95, u32::MAX);
        for demand in [certain, rare, wild] {
            assert!(demand.steps.iter().all(StepDemand::is_sound));
        }
    }

    #[test]
    fn nobody_is_believed_untried_and_the_wrong_less_than_the_right() {
        let (mut right, mut wrong) = (Score::default(), Score::default());
        for step in 0..50u32 {
            let came = (step % 3) as f32 * 10.0;
            right.step(came, [[0.0, came - 3.0, came, came + 3.0, 40.0]].iter());
            wrong.step(came, [[90.0, 95.0, 100.0, 105.0, 110.0]].iter());
        }
        assert_eq!(confidence(None), 0);
        assert!(confidence(Some(&right)) > 900, "{}", confidence(Some(&right)));
        assert_eq!(confidence(Some(&wrong)), 0);
    }
}
