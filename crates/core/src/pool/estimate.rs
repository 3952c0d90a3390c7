//! What a duration usually is, learned from measurements.
//!
//! An exponentially weighted mean: cheap, bounded, and it follows a function that
//! changes. The first measurement replaces the hint entirely.

use serde::{Deserialize, Serialize};

use crate::time::Span;

/// A learned duration.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Estimate {
    mean: f64,
    count: u32,
}

/// Weight of a new measurement once the estimate is settled.
const WEIGHT: f64 = 0.1;

impl Estimate {
    /// An estimate that says `hint` until something is measured.
    pub fn with_hint(hint: Span) -> Self {
        Self { mean: hint.nanos() as f64, count: 0 }
    }

    /// Takes in a measurement. The first ten are averaged plainly.
    pub fn observe(&mut self, span: Span) {
        self.count = self.count.saturating_add(1);
        let weight = WEIGHT.max(1.0 / f64::from(self.count));
        self.mean += weight * (span.nanos() as f64 - self.mean);
    }

    /// The mean; the hint before any measurement.
    pub fn mean(&self) -> Span {
        Span::from_nanos(self.mean as u64)
    }

    /// Whether it can have come about by measuring; one out of a file may not.
    pub(crate) fn is_sound(&self) -> bool {
        self.mean.is_finite() && self.mean >= 0.0
    }

    /// Whether anything was measured.
    pub fn is_measured(&self) -> bool {
        self.count > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_what_it_sees() {
        let mut estimate = Estimate::with_hint(Span::from_secs(9));
        assert_eq!(estimate.mean(), Span::from_secs(9));
        estimate.observe(Span::from_secs(1));
        assert_eq!(estimate.mean(), Span::from_secs(1));
        for _ in 0..200 {
            estimate.observe(Span::from_secs(3));
        }
        assert!(Span::from_secs(3) - estimate.mean() < Span::from_millis(1));
    }
}
