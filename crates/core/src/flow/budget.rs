//! How many FIFOs may change hands at a time.

use crate::time::{Instant, Span};

/// How much may change at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    /// Changes a second.
    pub per_second: f64,
    /// Changes that may come at once.
    pub burst: f64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { per_second: 2.0, burst: 2.0 }
    }
}

impl Budget {
    /// As many as there are: for the founding rule as it was written.
    pub const NONE: Budget = Budget { per_second: f64::INFINITY, burst: f64::INFINITY };
}

/// What is left of a budget.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowance {
    budget: Budget,
    left: f64,
    last: Option<Instant>,
}

impl Allowance {
    pub(crate) fn new(budget: Budget) -> Self {
        Self { budget, left: budget.burst, last: None }
    }

    /// Whether there is an end to it.
    pub(crate) fn is_bounded(&self) -> bool {
        self.budget.per_second.is_finite()
    }

    /// Time has passed since the last tick.
    pub(crate) fn pass(&mut self, now: Instant) {
        let passed = self.last.map_or(Span::ZERO, |last| now.since(last));
        self.last = Some(now);
        self.left += passed.secs_f64() * self.budget.per_second;
        // An allowance without bound stays one: infinity times no time is no number.
        self.left = self.left.min(self.budget.burst);
        if self.left.is_nan() {
            self.left = self.budget.burst;
        }
    }

    /// Whether one more may change, which it then does.
    pub(crate) fn take(&mut self) -> bool {
        let is_left = self.left >= 1.0;
        if is_left {
            self.left -= 1.0;
        }
        is_left
    }
}
