//! Samples of another series on the steps of a panel.

use serde::{Deserialize, Serialize};

use crate::calendar::grid::Grid;

/// What samples mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// A level, such as the length of a queue: of a step its mean.
    #[default]
    Gauge,
    /// A sum that only grows, such as messages sent: of a step its growth. A fall is a restart
    /// from zero.
    Counter,
}

/// One number per step; not a number where nothing was sampled.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Regressor {
    /// What it is called.
    pub name: String,
    /// Its values, from the first step of the panel on.
    pub values: Vec<f32>,
    /// Whether its future is known, such as of a budget that was planned.
    pub is_planned: bool,
}

/// The values of samples on the first `len` steps of a grid. `points` are moments in Unix
/// milliseconds and values, in order. Of a counter the growth between two samples belongs to
/// the step of the later one; over a gap longer than two steps nothing is known.
pub fn on_grid(points: &[(u64, f64)], meaning: Meaning, grid: Grid, len: usize) -> Vec<f32> {
    let mut sums = vec![(0.0f64, 0u32); len];
    let mut before: Option<(u64, f64)> = None;
    for &(ms, value) in points.iter().filter(|(_, value)| value.is_finite()) {
        let last = before.replace((ms, value));
        let Some(sum) = grid.step_of(ms).and_then(|step| sums.get_mut(step)) else { continue };
        let value = match (meaning, last) {
            (Meaning::Gauge, _) => value,
            (Meaning::Counter, Some((at, last))) if ms.saturating_sub(at) <= 2 * grid.step_ms => {
                if value < last {
                    value
                } else {
                    value - last
                }
            }
            (Meaning::Counter, _) => continue,
        };
        *sum = (sum.0 + value, sum.1 + 1);
    }
    let value = |&(sum, count): &(f64, u32)| match (meaning, count) {
        (_, 0) => f32::NAN,
        (Meaning::Gauge, _) => (sum / f64::from(count)) as f32,
        (Meaning::Counter, _) => sum as f32,
    };
    sums.iter().map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_fall_on_steps() {
        let grid = Grid { first_ms: 1000, step_ms: 100 };
        let check = |points: &[(u64, f64)], meaning, expected: &[f32]| {
            let found = on_grid(points, meaning, grid, expected.len());
            let is_same = |(a, b): (&f32, &f32)| a == b || (a.is_nan() && b.is_nan());
            assert!(found.iter().zip(expected).all(is_same), "{found:?} is not {expected:?}");
        };
        let nan = f32::NAN;
        let gauge = [(900, 9.0), (1000, 2.0), (1050, 4.0), (1310, 7.0), (9000, 1.0)];
        check(&gauge, Meaning::Gauge, &[3.0, nan, nan, 7.0]);
        let counter = [(950, 10.0), (1010, 15.0), (1090, 16.0), (1110, 2.0), (1190, 3.0)];
        check(&counter, Meaning::Counter, &[6.0, 3.0, nan]);
        let gap = [(1010, 5.0), (1350, 90.0), (1390, 95.0)];
        check(&gap, Meaning::Counter, &[nan, nan, nan, 5.0]);
        check(&[], Meaning::Gauge, &[nan]);
        check(&[(1010, f64::NAN), (1020, f64::INFINITY)], Meaning::Gauge, &[nan]);
    }
}
