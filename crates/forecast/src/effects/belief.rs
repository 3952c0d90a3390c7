//! What is believed of an effect after some occasions, and how firmly.
//!
//! The logarithm of "so many times as much" is taken to be normal about a mean that is itself
//! uncertain, and the two normals are combined by their precisions (the usual conjugate rule:
//! Gelman et al., Bayesian Data Analysis, 3rd edition, section 2.5). So one odd campaign moves
//! little, several that agree move all the way, and what was announced counts as what is
//! believed before the first.

use crate::event::SPREAD_UNKNOWN;

/// How unsure an announced effect is: within a factor of 1.5, two times in three.
const SPREAD_ANNOUNCED: f32 = 0.405;
/// How far occasions of one kind lie apart before any is known, and as how many that counts.
const SPREAD_WITHIN: f32 = 0.26;
const WITHIN_COUNTS_AS: f32 = 2.0;
/// How far functions lie apart that one occasion touches.
const SPREAD_BETWEEN: f32 = 0.405;

/// A belief about the logarithm of an effect.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Belief {
    /// Its mean.
    pub mean: f32,
    /// The variance of the mean: what more occasions would settle.
    pub variance: f32,
    /// The variance between occasions: what they would not.
    pub within: f32,
}

/// One occasion: the calls that were forecast without it, and those that came.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    /// Forecast without it.
    pub expected: f32,
    /// What came.
    pub got: f32,
}

impl Seen {
    /// The logarithm of how many times as many came; half of nothing is no news.
    pub fn log_times(&self) -> f32 {
        ((self.got.max(0.0) + 1.0) / (self.expected.max(0.0) + 1.0)).ln()
    }

    /// How unsure that is by the mere luck of counting.
    fn luck(&self) -> f32 {
        1.0 / (self.got.max(0.0) + 1.0) + 1.0 / (self.expected.max(0.0) + 1.0)
    }
}

impl Belief {
    /// What is believed before anything was seen.
    pub fn before(announced: Option<f32>) -> Self {
        let within = SPREAD_WITHIN * SPREAD_WITHIN;
        match announced {
            Some(times) => {
                let variance = SPREAD_ANNOUNCED * SPREAD_ANNOUNCED;
                Self { mean: times.clamp(0.01, 100.0).ln(), variance, within }
            }
            None => {
                let variance = SPREAD_UNKNOWN * SPREAD_UNKNOWN - within;
                Self { mean: 0.0, variance, within }
            }
        }
    }

    /// What is believed after these.
    #[must_use]
    pub fn after(self, seen: &[Seen]) -> Self {
        if seen.is_empty() {
            return self;
        }
        let logs: Vec<f32> = seen.iter().map(Seen::log_times).collect();
        let len = logs.len() as f32;
        let mean = logs.iter().sum::<f32>() / len;
        let apart: f32 = logs.iter().map(|log| (log - mean) * (log - mean)).sum();
        let luck: f32 = seen.iter().map(Seen::luck).sum::<f32>() * (len - 1.0) / len;
        let prior = WITHIN_COUNTS_AS * self.within;
        let within = (prior + (apart - luck).max(0.0)) / (WITHIN_COUNTS_AS + len - 1.0);
        let mut precision = 1.0 / self.variance;
        let mut weighed = self.mean / self.variance;
        for (log, seen) in logs.iter().zip(seen) {
            let trust = 1.0 / (within + seen.luck());
            precision += trust;
            weighed += trust * log;
        }
        Self { mean: weighed / precision, variance: 1.0 / precision, within }
    }

    /// What is believed of one function, if this is believed of the kind.
    #[must_use]
    pub fn of_one(self) -> Self {
        Self { variance: self.variance + SPREAD_BETWEEN * SPREAD_BETWEEN, ..self }
    }

    /// How many times as much, most likely.
    pub fn times(&self) -> f32 {
        self.mean.exp().clamp(0.0, 100.0)
    }

    /// How unsure the next occasion is: the standard deviation of the logarithm.
    pub fn spread(&self) -> f32 {
        (self.variance + self.within).max(0.0).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(times: f32) -> Seen {
        Seen { expected: 1000.0, got: 1000.0 * times }
    }

    #[test]
    fn one_moves_a_little_and_many_move_all_the_way() {
        let unknown = Belief::before(None);
        assert!((unknown.spread() - SPREAD_UNKNOWN).abs() < 1e-6 && unknown.times() == 1.0);
        let mut spread = unknown.spread();
        let mut off = 2.0;
        for len in [1, 2, 4, 8, 16] {
            let belief = unknown.after(&vec![seen(3.0); len]);
            assert!(belief.spread() < spread, "{len}: evidence narrows");
            assert!(3.0 - belief.times() < off && belief.times() < 3.0, "{len}: {belief:?}");
            (spread, off) = (belief.spread(), 3.0 - belief.times());
        }
        assert!(off < 0.05, "{off}");
    }

    #[test]
    fn what_was_announced_gives_way_to_what_came() {
        let announced = Belief::before(Some(2.0));
        assert!((announced.times() - 2.0).abs() < 1e-5);
        let after = announced.after(&[seen(4.0); 12]);
        assert!(after.times() > 3.5, "{after:?}");
        assert!(announced.after(&[seen(4.0)]).times() < 3.5);
    }

    #[test]
    fn occasions_that_disagree_leave_doubt() {
        let agree = Belief::before(None).after(&[seen(2.0), seen(2.1), seen(1.9), seen(2.0)]);
        let differ = Belief::before(None).after(&[seen(0.5), seen(6.0), seen(1.0), seen(4.0)]);
        assert!(differ.spread() > 2.0 * agree.spread(), "{agree:?} {differ:?}");
    }

    #[test]
    fn a_handful_of_calls_proves_nothing() {
        let few = Belief::before(None).after(&[Seen { expected: 0.2, got: 2.0 }]);
        assert!(few.times() < 1.5, "{few:?}");
        for (expected, got) in [(0.0, 0.0), (f32::MAX, 0.0), (0.0, f32::MAX)] {
            let belief = Belief::before(Some(0.0)).after(&[Seen { expected, got }]);
            assert!(belief.times().is_finite() && belief.spread().is_finite(), "{belief:?}");
        }
    }
}
