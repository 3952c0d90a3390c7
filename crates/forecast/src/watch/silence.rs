//! A run of steps without a call, held against how likely it was.
//!
//! The chances that nothing comes are multiplied over the run. Were steps independent and
//! forecasts right, a run as unlikely as `p` would begin at most in a share `p` of steps; where
//! a function falls silent by nature, how unlikely its silences were is learned.

use serde::{Deserialize, Serialize};

use crate::watch::anomaly::Oddity;
use crate::watch::step::Step;
use crate::watch::tail::Tail;

/// As rare as this is a silence.
pub const CHANCE: f32 = 1e-5;
/// No single step is more unlikely: what a forecast excludes may still happen.
const LEAST: f32 = 1e-3;
/// Steps that a silence lasts at least.
const STEPS_MIN: u32 = 3;

/// Looks for silence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Silences {
    /// How unlikely silences were, as logarithms.
    pub tail: Tail,
    unlikely: f32,
    expected: f32,
    steps: u32,
    is_told: bool,
}

impl Default for Silences {
    fn default() -> Self {
        let tail = Tail::new(0.2, 1.0);
        Self { tail, unlikely: 0.0, expected: 0.0, steps: 0, is_told: false }
    }
}

impl Silences {
    /// Looks at a step.
    pub fn look(&mut self, step: &Step) -> Option<(Oddity, f32, u64)> {
        if step.count > 0.0 {
            let unlikely = (self.unlikely > 0.7).then_some(self.unlikely);
            let most = self.tail.reach(CHANCE);
            self.tail.learn(unlikely, most);
            *self = Self { tail: self.tail, ..Self::default() };
            return None;
        }
        self.steps = self.steps.saturating_add(1);
        self.unlikely -= step.chance_of_none().max(LEAST).ln();
        self.expected += step.expected();
        let chance = self.tail.chance(self.unlikely);
        if self.is_told || self.steps < STEPS_MIN || chance >= CHANCE {
            return None;
        }
        self.is_told = true;
        let start = step.step.saturating_sub(u64::from(self.steps) - 1);
        Some((Oddity::Silence { steps: self.steps, expected: self.expected }, chance, start))
    }

    /// Whether the last step was one of a silence.
    pub fn is_silent(&self) -> bool {
        self.steps > 0
    }

    /// Whether it can be what [`Silences::look`] made.
    pub fn is_plausible(&self) -> bool {
        self.tail.is_plausible() && self.unlikely.is_finite() && self.expected.is_finite()
    }
}
