//! One step with far more calls than were thought possible.
//!
//! What counts is how far the step lies above the forecast's 97.5 % quantile, in standard
//! deviations. Beyond that quantile a normal distribution goes on for 0.38 of them on average;
//! counts have longer tails.

use serde::{Deserialize, Serialize};

use crate::watch::anomaly::Oddity;
use crate::watch::step::Step;
use crate::watch::tail::Tail;

/// As rare as this is a spike.
pub const CHANCE: f32 = 1e-5;
/// Steps after a spike in which another one is no news.
const QUIET: u64 = 12;

/// Looks for spikes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spikes {
    /// What lies above the band.
    pub tail: Tail,
    quiet_until: u64,
}

impl Default for Spikes {
    fn default() -> Self {
        Self { tail: Tail::new(0.025, 0.5), quiet_until: 0 }
    }
}

impl Spikes {
    /// Looks at a step.
    pub fn look(&mut self, step: &Step) -> Option<(Oddity, f32)> {
        let high = step.quantiles[4];
        let excess = (step.count - high) / step.deviation();
        let excess = (excess > 0.0).then_some(excess);
        let chance = excess.map_or(1.0, |excess| self.tail.chance(excess));
        let most = self.tail.reach(CHANCE);
        self.tail.learn(excess, most);
        if chance >= CHANCE || step.step < self.quiet_until {
            return None;
        }
        self.quiet_until = step.step + QUIET;
        Some((Oddity::Spike { count: step.count, high }, chance))
    }
}
