//! How a contender did of late.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// The losses of the last steps, each with its step; none: no forecast came, or no number.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Form {
    losses: VecDeque<(u64, Option<f64>)>,
}

/// Two contenders over the same steps.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Beside {
    /// The sum of the losses of the one.
    pub own: f64,
    /// The sum of the losses of the other.
    pub others: f64,
    /// The sum of the squared differences.
    pub squares: f64,
    /// How many steps.
    pub len: usize,
}

impl Beside {
    /// Adds a step.
    pub fn add(&mut self, own: f64, other: f64) {
        self.own += own;
        self.others += other;
        self.squares += (own - other) * (own - other);
        self.len += 1;
    }

    /// By how many standard errors the one lost more than the other, on average. Neighbouring
    /// steps tell nearly the same, so that half as many count.
    pub fn sure(&self) -> f64 {
        if self.len < 2 {
            return 0.0;
        }
        let len = self.len as f64;
        let mean = (self.own - self.others) / len;
        let variance = (self.squares / len - mean * mean).max(0.0) * len / (len - 1.0);
        mean / (variance / (len / 2.0)).sqrt().max(1e-12)
    }
}

/// The most steps that are kept.
pub const KEPT: usize = 12;

impl Form {
    /// Adds the loss of a step.
    pub fn push(&mut self, step: u64, loss: Option<f64>) {
        self.losses.push_back((step, loss));
        if self.losses.len() > KEPT {
            self.losses.pop_front();
        }
    }

    /// The loss of a step, if it was scored.
    pub fn at(&self, step: u64) -> Option<f64> {
        let found = self.losses.iter().rev().find(|(of, _)| *of == step);
        found.and_then(|(_, loss)| *loss)
    }

    /// How many of the last forecasts were missing, in a row.
    pub fn missing(&self) -> u32 {
        self.losses.iter().rev().take_while(|(_, loss)| loss.is_none()).count() as u32
    }

    /// This one beside another, over the steps that both were scored at.
    pub fn beside(&self, other: &Form) -> Beside {
        let mut beside = Beside::default();
        for (step, loss) in &self.losses {
            if let (Some(loss), Some(other)) = (loss, other.at(*step)) {
                beside.add(*loss, other);
            }
        }
        beside
    }

    /// Forgets what lies before a step.
    pub fn forget_before(&mut self, step: u64) {
        self.losses.retain(|(of, _)| *of >= step);
    }

    /// Whether it can be what [`Form::push`] made.
    pub fn is_plausible(&self) -> bool {
        let is_number = |(_, loss): &(u64, Option<f64>)| {
            loss.is_none_or(|loss| loss.is_finite() && loss >= 0.0)
        };
        self.losses.len() <= KEPT && self.losses.iter().all(is_number)
    }
}
