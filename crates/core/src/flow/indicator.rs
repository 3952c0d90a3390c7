//! The three indicators of the founding document and their sum.

use std::fmt;

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

    /// The same as shares of this one tick.
    pub fn shares(self) -> Shares {
        let share = |speaks: bool| if speaks { 1.0 } else { 0.0 };
        let Self { is_idle, is_late, is_tight } = self;
        Shares { idle: share(is_idle), late: share(is_late), tight: share(is_tight) }
    }

    /// The score: the weights of those that speak.
    pub fn score(self, thresholds: &Thresholds) -> f64 {
        self.shares().score(thresholds)
    }
}

/// In what shares of the ticks that a rule looks back at each indicator spoke, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Shares {
    /// Little flowed through.
    pub idle: f64,
    /// Items waited for long.
    pub late: f64,
    /// The owner was near its limit.
    pub tight: f64,
}

impl Shares {
    /// Their score.
    pub fn score(self, thresholds: &Thresholds) -> f64 {
        score(self.idle, self.late, self.tight, thresholds)
    }
}

/// Those that spoke, in words; empty if none did.
impl fmt::Display for Shares {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [
            (self.idle, "little flows through"),
            (self.late, "items wait for long"),
            (self.tight, "its owner is near its limit"),
        ];
        let spoke = all.into_iter().filter(|(share, _)| *share > 0.0);
        for (place, (share, words)) in spoke.enumerate() {
            let comma = if place > 0 { ", " } else { "" };
            match share < 0.995 {
                true => write!(f, "{comma}{words} {:.0} % of the time", share * 100.0)?,
                false => write!(f, "{comma}{words}")?,
            }
        }
        Ok(())
    }
}

/// The score of three shares, each from 0 to 1.
pub fn score(idle: f64, late: f64, tight: f64, thresholds: &Thresholds) -> f64 {
    thresholds.utilization_weight * idle
        + thresholds.latency_weight * late
        + thresholds.resource_weight * tight
}
