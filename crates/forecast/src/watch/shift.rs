//! A level that is another one than forecast, by cumulative sums (Page, 1954).
//!
//! The pinball loss itself has tails as long as the bursts of a function, and no bound on its
//! sum can be given. Its slope over all levels can: it is where the count fell in the forecast,
//! between 0 and 1, even if the forecast is right. The sum of what exceeds three quarters then
//! reaches `s` with a chance that falls as exp(-8.6 s): 8.6 is the root of the moment equation
//! of a uniform number (Lundberg's inequality), and counting a count's own share by half only
//! lowers it. Where a function's forecasts are worse than that, the sums it reaches are learned.

use serde::{Deserialize, Serialize};

use crate::watch::anomaly::Oddity;
use crate::watch::step::Step;
use crate::watch::tail::Tail;

/// As rare as this is a shift.
pub const CHANCE: f32 = 1e-5;
/// What of each step does not count.
const SLACK: f32 = 0.25;
/// Steps after a shift in which another one is no news: forecasts from before still come.
const QUIET: u64 = 24;

/// A level that differs by less, as a factor or in calls a step, is not worth telling.
const TIMES_MIN: f32 = 1.4;
const CALLS_MIN: f32 = 0.5;

/// A sum, and what came since it left zero.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
struct Sum {
    sum: f32,
    peak: f32,
    steps: u32,
    came: f32,
    expected: f32,
}

/// Looks for shifts, up and down.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Shifts {
    /// What sums reach before they are back at zero.
    pub tail: Tail,
    sums: [Sum; 2],
    quiet_until: u64,
}

impl Default for Shifts {
    fn default() -> Self {
        Self { tail: Tail::new(0.2, 1.0 / 8.6), sums: [Sum::default(); 2], quiet_until: 0 }
    }
}

impl Shifts {
    /// Looks at a step. `is_silent`: it is one of a silence that is watched elsewhere.
    pub fn look(&mut self, step: &Step, is_silent: bool) -> Option<(Oddity, f32, u64)> {
        if step.step < self.quiet_until {
            return None;
        }
        let beside = step.place() - 0.5;
        for (place, sign) in [1.0, -1.0].into_iter().enumerate() {
            let sum = &mut self.sums[place];
            sum.sum += sign * beside - SLACK;
            if sum.sum <= 0.0 {
                let peak = (sum.peak > 0.0).then_some(sum.peak);
                let most = self.tail.reach(CHANCE);
                self.tail.learn(peak, most);
                *sum = Sum::default();
                continue;
            }
            sum.peak = sum.peak.max(sum.sum);
            sum.steps += 1;
            sum.came += step.count;
            sum.expected += step.expected();
            let chance = self.tail.chance(sum.sum);
            if chance < CHANCE && !(is_silent && sign < 0.0) {
                let Sum { steps, came, expected, .. } = *sum;
                self.sums = [Sum::default(); 2];
                self.quiet_until = step.step + QUIET;
                let len = steps.max(1) as f32;
                let (expected, now) = (expected / len, came / len);
                let times = now.max(expected) / now.min(expected).max(f32::MIN_POSITIVE);
                if times < TIMES_MIN || (now - expected).abs() < CALLS_MIN {
                    return None;
                }
                let start = step.step.saturating_sub(u64::from(steps.max(1)) - 1);
                return Some((Oddity::LevelShift { expected, now, steps }, chance, start));
            }
        }
        None
    }

    /// Whether it can be what [`Shifts::look`] made.
    pub fn is_plausible(&self) -> bool {
        let numbers = |sum: &Sum| [sum.sum, sum.peak, sum.came, sum.expected];
        self.tail.is_plausible() && self.sums.iter().flat_map(numbers).all(f32::is_finite)
    }
}
