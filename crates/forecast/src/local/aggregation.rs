//! Rare calls are added up until there are some in every sum, and the sums are smoothed
//! (ADIDA: Nikolopoulos and others, 2011); or that at every length of sum up to this one, and
//! the mean of all (IMAPA: Petropoulos and Kourentzes, 2015).

use crate::local::rule::{Known, PointRule};
use crate::smooth::{Abreast, SIDE, best_weight, level};

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
        vec![self.mean(known.counts); horizon]
    }

    fn points_of(&self, asked: &[(&(), Known<'_>)], horizon: usize) -> Vec<f32> {
        // Many ask about the same end of the same counts.
        let mut ends: Vec<&[f32]> = Vec::new();
        let mut places = Vec::with_capacity(asked.len());
        for (_, known) in asked {
            let is_same = |end: &&[f32]| std::ptr::eq(*end, known.counts);
            places.push(ends.iter().position(is_same).unwrap_or_else(|| {
                ends.push(known.counts);
                ends.len() - 1
            }));
        }
        let means: Vec<f32> = match self {
            Aggregation::Adida => ends
                .chunks(SIDE)
                .flat_map(|ends| {
                    let sums = ends.iter().map(|counts| {
                        let length = mean_interval(counts);
                        (length, sums(counts, length))
                    });
                    let (lengths, sums): (Vec<usize>, Vec<Vec<f32>>) = sums.unzip();
                    let abreast = Abreast::of(&sums);
                    let levels = abreast.levels(abreast.best_weights(LOW, HIGH));
                    lengths.into_iter().zip(levels).map(|(length, level)| level / length as f32)
                })
                .collect(),
            Aggregation::Imapa => ends.iter().map(|counts| self.mean(counts)).collect(),
        };
        places.into_iter().flat_map(|place| std::iter::repeat_n(means[place], horizon)).collect()
    }
}

impl Aggregation {
    fn mean(&self, counts: &[f32]) -> f32 {
        let longest = mean_interval(counts);
        let shortest = match self {
            Aggregation::Adida => longest,
            Aggregation::Imapa => 1,
        };
        let lengths = (shortest..=longest).map(|length| at_length(counts, length));
        lengths.sum::<f32>() / (longest + 1 - shortest) as f32
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

/// Bounds of the weight by which sums are smoothed.
const LOW: f32 = 0.1;
const HIGH: f32 = 0.3;

/// The level of sums of `length` steps, per step.
fn at_length(counts: &[f32], length: usize) -> f32 {
    let sums = sums(counts, length);
    level(sums.iter().copied(), best_weight(&sums, LOW, HIGH)) / length as f32
}

/// The sums of `length` steps. What does not fill a sum at the beginning is left out.
fn sums(counts: &[f32], length: usize) -> Vec<f32> {
    let whole = &counts[counts.len() % length..];
    whole.chunks(length).map(|chunk| chunk.iter().sum()).collect()
}
