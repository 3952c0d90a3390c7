//! How a contender did of late.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// The losses of the last steps, each with its step; none: no forecast came, or no number.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Form {
    losses: VecDeque<(u64, Option<f64>)>,
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

    /// The sums of the losses of this one and another over the steps that both were scored at,
    /// and how many these are.
    pub fn beside(&self, other: &Form) -> (f64, f64, usize) {
        let (mut own, mut others, mut len) = (0.0, 0.0, 0);
        for (step, loss) in &self.losses {
            if let (Some(loss), Some(other)) = (loss, other.at(*step)) {
                own += loss;
                others += other;
                len += 1;
            }
        }
        (own, others, len)
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
