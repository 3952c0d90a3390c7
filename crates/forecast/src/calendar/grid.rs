//! Which step of a panel a moment falls into.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// When the steps of a panel are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grid {
    /// When the first step begins, in Unix milliseconds.
    pub first_ms: u64,
    /// How long a step is, in milliseconds; not zero.
    pub step_ms: u64,
}

impl Grid {
    /// The step of a moment; none before the first.
    pub fn step_of(&self, ms: u64) -> Option<usize> {
        let since = ms.checked_sub(self.first_ms)?;
        usize::try_from(since / self.step_ms.max(1)).ok()
    }

    /// When a step begins.
    pub fn start_of(&self, step: usize) -> u64 {
        self.first_ms.saturating_add((step as u64).saturating_mul(self.step_ms))
    }

    /// The steps of the first `len` that a span of time touches, in whole or in part.
    pub fn steps(&self, span: &Range<u64>, len: usize) -> Range<usize> {
        let start = self.step_of(span.start).unwrap_or(0).min(len);
        let last = span.end.checked_sub(1).and_then(|last| self.step_of(last));
        let end = last.map_or(0, |last| last.saturating_add(1)).min(len);
        start..end.max(start)
    }

    /// The shares of the first of these steps that is over when a span begins, and of the last
    /// that is left when it ends, 0 to 1 each; `steps` are those that it touches.
    pub fn edges(&self, span: &Range<u64>, steps: &Range<usize>) -> [f32; 2] {
        let share = |ms: u64| (ms as f64 / self.step_ms.max(1) as f64).min(1.0) as f32;
        let before = span.start.saturating_sub(self.start_of(steps.start));
        let after = self.start_of(steps.end).saturating_sub(span.end);
        [share(before), share(after)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_touches_steps_in_part() {
        let grid = Grid { first_ms: 1000, step_ms: 100 };
        for (span, expected) in [
            (1000..1100, 0..1),
            (1050..1051, 0..1),
            (1099..1101, 0..2),
            (0..1000, 0..0),
            (0..1001, 0..1),
            (1950..9000, 9..10),
            (2000..9000, 10..10),
            (u64::MAX - 1..u64::MAX, 10..10),
        ] {
            assert_eq!(grid.steps(&span, 10), expected, "{span:?}");
        }
        for (span, expected) in [
            (1000..1100, [0.0, 0.0]),
            (1025..1050, [0.25, 0.5]),
            (1075..1310, [0.75, 0.9]),
            (0..1001, [0.0, 0.99]),
            (1950..9000, [0.5, 0.0]),
        ] {
            assert_eq!(grid.edges(&span, &grid.steps(&span, 10)), expected, "{span:?}");
        }
        assert_eq!(grid.start_of(3), 1300);
        assert_eq!((grid.step_of(999), grid.step_of(1300)), (None, Some(3)));
    }
}
