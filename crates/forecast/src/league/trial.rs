//! A challenger beside whoever forecasts, on the same steps and functions.

use serde::{Deserialize, Serialize};

use crate::league::contender::Contender;
use crate::league::rules::Rules;

/// A challenger on trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Its generation.
    pub challenger: u64,
    /// Beside whom it is tried.
    pub rival: Contender,
    pairs: u32,
    sum_own: f64,
    sum_rival: f64,
    sum_gain: f64,
    squares: f64,
    missing: u32,
}

/// What a trial came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Verdict {
    /// Nothing yet.
    Open,
    /// It is better, by this share.
    Better(f64),
    /// It is not.
    NoBetter,
    /// Its forecasts do not come.
    Missing,
}

impl Trial {
    /// A trial that begins.
    pub fn new(challenger: u64, rival: Contender) -> Self {
        Self {
            challenger,
            rival,
            pairs: 0,
            sum_own: 0.0,
            sum_rival: 0.0,
            sum_gain: 0.0,
            squares: 0.0,
            missing: 0,
        }
    }

    /// Adds a step: the losses of both; none: no forecast, or no number.
    pub fn add(&mut self, own: Option<f64>, rival: Option<f64>) {
        self.missing = if own.is_none() { self.missing + 1 } else { 0 };
        if let (Some(own), Some(rival)) = (own, rival) {
            self.pairs += 1;
            self.sum_own += own;
            self.sum_rival += rival;
            self.sum_gain += rival - own;
            self.squares += (rival - own) * (rival - own);
        }
    }

    /// How many steps both were scored at.
    pub fn pairs(&self) -> usize {
        self.pairs as usize
    }

    /// Whether the challenger is better. Neighbouring steps tell nearly the same, so that half
    /// as many count in how sure it is.
    pub fn verdict(&self, rules: &Rules) -> Verdict {
        let pairs = f64::from(self.pairs);
        if self.missing >= rules.missing_max {
            return Verdict::Missing;
        }
        let hopeless = self.sum_own > 1.1 * self.sum_rival;
        if self.pairs() >= rules.patience && hopeless {
            return Verdict::NoBetter;
        }
        if self.pairs() < rules.trial_min.max(2) {
            return Verdict::Open;
        }
        let mean = self.sum_gain / pairs;
        let variance = (self.squares / pairs - mean * mean).max(0.0) * pairs / (pairs - 1.0);
        let error = (variance / (pairs / 2.0)).sqrt();
        let share = self.sum_gain / self.sum_rival.max(1e-12);
        if share >= rules.margin && mean >= rules.sure * error && mean > 0.0 {
            return Verdict::Better(share);
        }
        if self.pairs() >= rules.trial_max { Verdict::NoBetter } else { Verdict::Open }
    }

    /// Whether it can be what [`Trial::add`] made.
    pub fn is_plausible(&self) -> bool {
        let sums = [self.sum_own, self.sum_rival, self.sum_gain, self.squares];
        sums.iter().all(|sum| sum.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::league::rules::USUAL;
    use swell_core::rng::{split, unit};

    fn trial(steps: usize, gain: f64, seed: u64) -> Verdict {
        let mut rng = split(seed, "trial");
        let mut trial = Trial::new(2, Contender::Model(1));
        for _ in 0..steps {
            let both = 0.5 + 0.5 * unit(&mut rng);
            trial.add(
                Some(both * (1.0 - gain) + 0.05 * unit(&mut rng)),
                Some(both + 0.05 * unit(&mut rng)),
            );
            match trial.verdict(&USUAL) {
                Verdict::Open => {}
                verdict => return verdict,
            }
        }
        trial.verdict(&USUAL)
    }

    #[test]
    fn the_better_is_found_and_luck_is_not_enough() {
        assert!(matches!(trial(24, 0.05, 1), Verdict::Better(share) if share > 0.03));
        assert_eq!(trial(23, 0.05, 1), Verdict::Open);
        assert_eq!(trial(24, -0.3, 1), Verdict::NoBetter);
        assert_eq!(trial(96, -0.01, 1), Verdict::NoBetter);
        let lucky = (0..200).filter(|&seed| matches!(trial(96, 0.0, seed), Verdict::Better(_)));
        let lucky = lucky.count();
        assert!(lucky < 30, "{lucky} of 200 no better ones were taken for better");
    }

    #[test]
    fn who_does_not_forecast_is_out() {
        let mut trial = Trial::new(2, Contender::Window);
        (0..3).for_each(|_| trial.add(None, Some(1.0)));
        assert_eq!(trial.verdict(&USUAL), Verdict::Missing);
    }
}
