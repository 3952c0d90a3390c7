//! Rare calls are added up until there are some in every sum, and the sums are smoothed
//! (ADIDA: Nikolopoulos and others, 2011); or that at every length of sum up to this one, and
//! the mean of all (IMAPA: Petropoulos and Kourentzes, 2015).

use crate::local::rule::{Known, PointRule};
use crate::smooth::{best_weight, level};

/// Forecasts a share of a smoothed sum.
#[derive(Debug, Clone, Copy)]
pub enum Aggregation {
    /// Sums as long as the mean time between steps with a call.
    Adida,
    /// All lengths up to that.
    Imapa,
}

impl PointRule for Aggregation {
    type Shape = ();

    fn shape(&self, _: Known<'_>) {}

    fn points(&self, (): &(), known: Known<'_>, horizon: usize) -> Vec<f32> {
        let longest = mean_interval(known.counts);
        let shortest = match self {
            Aggregation::Adida => longest,
            Aggregation::Imapa => 1,
        };
        let lengths = (shortest..=longest).map(|length| at_length(known.counts, length));
        let mean = lengths.sum::<f32>() / (longest + 1 - shortest) as f32;
        vec![mean; horizon]
    }
}

/// The longest sum: a day of 5-minute steps.
const LONGEST: usize = 288;

/// Steps from one with a call to the next, on average and rounded; a day where there is no
/// call, or where it takes longer.
fn mean_interval(counts: &[f32]) -> usize {
    let calls = counts.iter().filter(|count| **count > 0.0).count();
    let last = counts.iter().rposition(|count| *count > 0.0).map_or(counts.len(), |last| last + 1);
    ((last as f32 / calls.max(1) as f32).round() as usize).clamp(1, counts.len().min(LONGEST))
}

/// The level of sums of `length` steps, per step. What does not fill a sum at the beginning
/// is left out.
fn at_length(counts: &[f32], length: usize) -> f32 {
    let whole = &counts[counts.len() % length..];
    let sums: Vec<f32> = whole.chunks(length).map(|chunk| chunk.iter().sum()).collect();
    let weight = best_weight(&sums, 0.1, 0.3);
    level(sums.iter().copied(), weight) / length as f32
}
