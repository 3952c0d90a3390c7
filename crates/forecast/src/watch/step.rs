//! A step as watchers see it: what came, and what was forecast some while before.

use crate::bands::{MEDIAN, Quantiles};
use crate::coverage::share_below;

/// No quantile of a count is larger.
const COUNT_MAX: f32 = 1e12;

/// A step that was measured and forecast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Which.
    pub step: u64,
    /// Calls that came.
    pub count: f32,
    /// What was forecast.
    pub quantiles: Quantiles,
}

impl Step {
    /// A step; none if its quantiles are no numbers.
    pub fn new(step: u64, count: u32, quantiles: Quantiles) -> Option<Self> {
        let is_count = |quantile: &f32| (0.0..=COUNT_MAX).contains(quantile);
        let is_sane = quantiles.iter().all(is_count) && quantiles.is_sorted();
        is_sane.then_some(Self { step, count: count as f32, quantiles })
    }

    /// The share of the forecast below what came, its own share counted by half: one half on
    /// average if the forecast is right, whatever the counts are like.
    pub fn place(&self) -> f32 {
        let below = |value: f32| share_below(value, &self.quantiles);
        f32::midpoint(below(self.count - 0.5), below(self.count + 0.5)).clamp(0.0, 1.0)
    }

    /// How likely it was that nothing came.
    pub fn chance_of_none(&self) -> f32 {
        share_below(0.5, &self.quantiles).clamp(0.0, 1.0)
    }

    /// One standard deviation, as the forecast has it, and at least that of calls by chance.
    pub fn deviation(&self) -> f32 {
        let median = self.quantiles[MEDIAN];
        ((self.quantiles[4] - median) / 1.96).max((median + 1.0).sqrt())
    }

    /// Calls that were expected.
    pub fn expected(&self) -> f32 {
        const SHARES: [f32; 5] = [0.0625, 0.2375, 0.4, 0.2375, 0.0625];
        self.quantiles.iter().zip(SHARES).map(|(quantile, share)| quantile * share).sum()
    }
}
