//! How long a function rested between its calls and how many came together: what says when
//! the next ones are due, and how many.

use crate::bands::{quantile_of, quantile_of_sorted};
use crate::renewals::{Renewals, steps_with_calls};

/// How far back is looked: a week of 5-minute steps.
const REACH: usize = 2016;
/// Rests that are summed up.
const RESTS: usize = 8;
/// Sizes that are summed up.
const SIZES: usize = 48;
/// Earlier points at which the level is tried.
const TRIED: usize = 96;
/// Steps after each of them at which it is held against what came.
const AHEAD: [usize; 5] = [1, 3, 6, 9, 12];

/// What is known of a function's rests.
#[derive(Debug, Clone)]
pub struct Rests {
    /// How likely each step ahead has a call, by the idle times seen.
    pub chances: Vec<f32>,
    /// The last rest, the middle, the shortest and the longest of the last eight, in steps.
    pub lengths: [f32; 4],
    /// How many came when something last came.
    pub size: f32,
    sizes: Vec<f32>,
}

impl Rests {
    /// Looks at the counts before the origin, gaps closed.
    pub fn of(counts: &[f32], horizon: usize) -> Self {
        let counts = &counts[counts.len().saturating_sub(REACH)..];
        let mut steps = [0; REACH];
        let calls = steps_with_calls(counts, &mut steps);
        let newest = &calls[calls.len().saturating_sub(SIZES)..];
        let mut sizes: Vec<f32> = newest.iter().map(|&step| counts[step as usize]).collect();
        let size = sizes.last().copied().unwrap_or(0.0);
        sizes.sort_unstable_by(f32::total_cmp);
        let mut renewals = Renewals::default();
        renewals.tell(calls);
        let chances = renewals.chances(counts.len(), horizon);
        let gap = |pair: &[u32]| (pair[1] - pair[0]) as f32;
        let last = &calls[calls.len().saturating_sub(RESTS + 1)..];
        let mut lengths: Vec<f32> = last.windows(2).map(gap).collect();
        let newest = lengths.last().copied();
        lengths.sort_unstable_by(f32::total_cmp);
        let lengths = match newest {
            None => [counts.len() as f32; 4],
            Some(newest) => {
                let middle = lengths[lengths.len() / 2];
                [newest, middle, lengths[0], lengths[lengths.len() - 1]]
            }
        };
        Self { chances, lengths, size, sizes }
    }

    /// The quantile of what comes at a step ahead: sizes seen, times the chance of any.
    pub fn quantile(&self, ahead: usize, level: f32) -> f32 {
        let chance = self.chances[ahead];
        match level + chance - 1.0 {
            ..=0.0 => 0.0,
            over => quantile_of_sorted(&self.sizes, over / chance),
        }
    }

    /// The quantile of what came, when something came.
    pub fn size(&self, level: f32) -> f32 {
        quantile_of_sorted(&self.sizes, level)
    }
}

/// How far a slow level (weight 0.2) was off within the next hour, nine times in ten, over
/// the last eight hours.
pub fn level_error(counts: &[f32]) -> f32 {
    let counts = &counts[counts.len().saturating_sub(TRIED + 36)..];
    let mut errors = Vec::with_capacity(AHEAD.len() * counts.len());
    let mut level = counts.first().copied().unwrap_or(0.0);
    for (step, count) in counts.iter().enumerate() {
        level += 0.2 * (count - level);
        let ahead = AHEAD.into_iter().filter_map(|ahead| counts.get(step + ahead));
        if step >= 12 {
            errors.extend(ahead.map(|came| (came - level).abs()));
        }
    }
    quantile_of(&mut errors, 0.8)
}
