//! How rare something is, judged by how rare the likes of it were here before.
//!
//! What lies far out is taken to fall off evenly in its logarithm (a generalised Pareto tail
//! of shape zero, as streaming peaks over threshold has it: Siffer et al., KDD 2017, section
//! 3). Rate and mean of what lies out there are followed, so a function that bursts by nature
//! is called odd only when it bursts beyond its own measure. Neither falls below what theory
//! says of a calm one, so that a quiet week does not make a nervous watch.

use serde::{Deserialize, Serialize};

/// What one step counts in the rate, and one excess in the mean.
const RATE_PACE: f32 = 1.0 / 500.0;
const MEAN_PACE: f32 = 1.0 / 25.0;

/// The far end of a distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Tail {
    rate: f32,
    mean: f32,
    rate_min: f32,
    mean_min: f32,
}

impl Tail {
    /// A tail that theory gives: how often a step lies in it, and how far out on average.
    pub fn new(rate: f32, mean: f32) -> Self {
        Self { rate, mean, rate_min: 0.2 * rate, mean_min: mean }
    }

    /// How often a step lies so far out, or further.
    pub fn chance(&self, excess: f32) -> f32 {
        self.rate.max(self.rate_min) * (-excess / self.mean.max(self.mean_min)).exp()
    }

    /// How far out a step lies that is as rare as this.
    pub fn reach(&self, chance: f32) -> f32 {
        let rate = self.rate.max(self.rate_min);
        self.mean.max(self.mean_min) * (rate / chance).max(1.0).ln()
    }

    /// A step: how far out it lies, if it does. `most` is what it counts for at most, so that
    /// one odd step does not hide the next.
    pub fn learn(&mut self, excess: Option<f32>, most: f32) {
        let is_out = if excess.is_some() { 1.0 } else { 0.0 };
        self.rate += RATE_PACE * (is_out - self.rate);
        if let Some(excess) = excess {
            self.mean += MEAN_PACE * (excess.min(most) - self.mean);
        }
    }

    /// Whether it can be what [`Tail::learn`] made.
    pub fn is_plausible(&self) -> bool {
        let numbers = [self.rate, self.mean, self.rate_min, self.mean_min];
        numbers.iter().all(|number| number.is_finite() && *number >= 0.0)
            && self.mean_min > 0.0
            && self.rate_min > 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use swell_core::rng::{split, unit};

    #[test]
    fn rarity_is_learned_where_the_tail_is_longer() {
        let mut rng = split(3, "tail");
        let mut tail = Tail::new(0.025, 0.5);
        let limit = tail.reach(1e-5);
        assert!((tail.chance(limit) - 1e-5).abs() < 1e-7);
        for _ in 0..20_000 {
            let excess = (unit(&mut rng) < 0.05).then(|| -4.0 * (1.0 - unit(&mut rng) as f32).ln());
            let most = tail.reach(1e-5);
            tail.learn(excess, most);
        }
        let longer = tail.reach(1e-5);
        assert!((20.0..60.0).contains(&longer), "{longer} after {limit}");
        (0..20_000).for_each(|_| tail.learn(None, 9.0));
        assert!(tail.reach(1e-5) > limit * 0.7);
    }
}
