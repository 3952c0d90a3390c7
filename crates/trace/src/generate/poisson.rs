//! Calls that know nothing of each other.
//!
//! Many people calling independently add up to this; the gap to the next call tells
//! nothing about the one after it, so no forecast can do better than the rate.

use swell_core::rng::Rng;
use swell_core::time::{Instant, Span};

use crate::pattern::{Pattern, exponential};

/// A memoryless pattern.
#[derive(Debug, Clone)]
pub struct Poisson {
    gap: Span,
    at: Instant,
}

impl Poisson {
    /// Calls `gap` apart on average.
    pub fn new(gap: Span) -> Self {
        Self { gap, at: Instant::ZERO }
    }
}

impl Pattern for Poisson {
    fn next(&mut self, rng: &mut Rng) -> Instant {
        self.at = self.at + exponential(rng, self.gap);
        self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use swell_core::rng::split;

    #[test]
    fn gaps_have_the_mean_and_deviation_of_an_exponential() {
        let (mut pattern, mut rng) = (Poisson::new(Span::from_secs(10)), split(1, "t"));
        let times: Vec<f64> = (0..20_000).map(|_| pattern.next(&mut rng).secs_f64()).collect();
        let gaps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        assert!((mean - 10.0).abs() < 0.3, "{mean}");
        assert!((variance.sqrt() - 10.0).abs() < 0.4, "{}", variance.sqrt());
    }
}
