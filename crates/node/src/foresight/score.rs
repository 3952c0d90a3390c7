//! How good forecasts of one function were, by what came: the measures of the back-test, kept
//! up step by step, those of long ago with less weight.

use serde::{Deserialize, Serialize};
use swell_forecast::bands::{HIGH, MEDIAN, Quantiles};

use crate::foresight::covered::{Covered, Shares};
use crate::foresight::usual::Usual;

/// What is left of the weight of earlier steps with each new one: half after three hours of
/// steps of five minutes.
const FADING: f64 = 0.98;
/// A series is never taken to be calmer than this, in calls a step.
const CALM: f64 = 0.1;

/// Sums over steps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Score {
    weight: f64,
    error: f64,
    pinball: f64,
    covered: Covered,
    steps: f64,
    change: f64,
    volume: f64,
    last: f64,
    /// The same forecasts beside what anybody can say. It is kept in a record of its own.
    #[serde(skip)]
    pub usual: Usual,
    /// Forecasts of steps that were scored, all in all.
    pub scored: u64,
}

impl Score {
    /// A step came with so many calls; `said` is what forecasts made before said of it.
    pub fn step<'a>(&mut self, came: f32, said: impl Iterator<Item = &'a Quantiles>) {
        for sum in [&mut self.weight, &mut self.error, &mut self.pinball] {
            *sum *= FADING;
        }
        self.covered.fade(FADING);
        let said: Vec<&Quantiles> = said.collect();
        self.usual.step(came, &said);
        for quantiles in said {
            let high = f64::from(came - quantiles[HIGH]);
            self.weight += 1.0;
            self.error += f64::from((came - quantiles[MEDIAN]).abs());
            self.pinball += if high > 0.0 { 0.9 * high } else { -0.1 * high };
            self.covered.note(came, quantiles);
            self.scored += 1;
        }
        for sum in [&mut self.steps, &mut self.change, &mut self.volume] {
            *sum *= FADING;
        }
        let came = f64::from(came);
        self.steps += 1.0;
        self.change += (came - self.last).abs();
        self.volume += came;
        self.last = came;
    }

    fn mean(&self, sum: f64) -> Option<f64> {
        (self.weight > 1e-6).then(|| sum / self.weight)
    }

    /// How much the count usually changes from one step to the next.
    pub fn scale(&self) -> f32 {
        (self.change / self.steps.max(1e-6)) as f32
    }

    /// Calls in a step, on average.
    pub fn volume(&self) -> f64 {
        self.volume / self.steps.max(1e-6)
    }

    /// Mean error of the median over the mean change from one step to the next.
    pub fn mase(&self) -> Option<f64> {
        let change = (self.change / self.steps.max(1e-6)).max(CALM);
        self.mean(self.error).map(|error| error / change)
    }

    /// Shares of counts within the bands, each count spread over its own share of the forecast.
    pub fn coverage(&self) -> Option<Shares> {
        self.covered.shares()
    }

    /// Twice the pinball loss at 0.9 over the volume; none of a function that rests.
    pub fn wql90(&self) -> Option<f64> {
        let volume = self.volume / self.steps.max(1e-6);
        let loss = self.mean(self.pinball).filter(|_| volume > 1e-6)?;
        Some(2.0 * loss / volume)
    }

    /// Whether these are numbers that scoring can have made.
    pub fn is_sane(&self) -> bool {
        let sums = [self.weight, self.error, self.pinball, self.steps, self.change];
        self.covered.is_sane()
            && self.usual.is_sane()
            && sums
                .iter()
                .chain([&self.volume, &self.last])
                .all(|sum| sum.is_finite() && *sum >= 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_right_has_no_error_and_covers_what_was_promised() {
        let (mut right, mut wrong) = (Score::default(), Score::default());
        assert_eq!((right.mase(), right.coverage(), right.wql90()), (None, None, None));
        for step in 0..300u32 {
            let came = (step % 10) as f32;
            right.step(came, [[0.0, 0.5, came, 8.5, 9.0]].iter());
            wrong.step(came, [[90.0, 95.0, 100.0, 105.0, 110.0]].iter());
        }
        assert!(right.mase().is_some_and(|mase| mase < 1e-6));
        assert!(right.coverage().is_some_and(|share| share.of_80 > 0.6 && share.of_95 > 0.8));
        assert!(wrong.mase().is_some_and(|mase| mase > 10.0));
        assert!(wrong.coverage().is_some_and(|share| share.of_95 < 0.01));
        assert!(wrong.wql90() > right.wql90() && right.is_sane());
        assert_eq!(right.scored, 300);
    }

    #[test]
    fn a_silent_function_has_no_loss_over_nothing() {
        let mut score = Score::default();
        score.step(0.0, [[0.0; 5]].iter());
        assert_eq!(score.wql90(), None);
        assert_eq!(score.mase(), Some(0.0));
    }
}
