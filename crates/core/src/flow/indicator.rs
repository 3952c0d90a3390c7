//! The three indicators of the founding document and their sum.

use crate::flow::view::Glance;
use crate::time::Span;

/// Where an indicator begins to speak, and how much it weighs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// Utilization below this is low.
    pub low_utilization: f64,
    /// Latency above this is high.
    pub high_latency: Span,
    /// Usage of the owner above this is near its limit.
    pub resource_limit: f64,
    /// What low utilization adds to the score.
    pub utilization_weight: f64,
    /// What high latency adds.
    pub latency_weight: f64,
    /// What an owner near its limit adds.
    pub resource_weight: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            low_utilization: 0.01,
            high_latency: Span::from_millis(20),
            resource_limit: 0.85,
            utilization_weight: 0.5,
            latency_weight: 0.3,
            resource_weight: 0.2,
        }
    }
}

/// Which indicators speak at a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Indicators {
    /// Little flows through.
    pub is_idle: bool,
    /// Items wait for long.
    pub is_late: bool,
    /// The owner is near its limit.
    pub is_tight: bool,
}

impl Indicators {
    /// Looks at a FIFO.
    pub fn of(glance: &Glance<'_>, thresholds: &Thresholds) -> Self {
        Self {
            is_idle: glance.sample.utilization() < thresholds.low_utilization,
            is_late: glance.sample.latency > thresholds.high_latency,
            is_tight: glance.usage > thresholds.resource_limit,
        }
    }

    /// The score: the weights of those that speak.
    pub fn score(self, thresholds: &Thresholds) -> f64 {
        let share = |speaks: bool| if speaks { 1.0 } else { 0.0 };
        let Self { is_idle, is_late, is_tight } = self;
        score(share(is_idle), share(is_late), share(is_tight), thresholds)
    }
}

/// The score of three shares, each from 0 to 1.
pub fn score(idle: f64, late: f64, tight: f64, thresholds: &Thresholds) -> f64 {
    thresholds.utilization_weight * idle
        + thresholds.latency_weight * late
        + thresholds.resource_weight * tight
}
