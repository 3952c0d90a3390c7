//! What of the learned is written down for the next run, and how it is checked.
//!
//! Weights are written with their bins, since most are nothing. What was derived from
//! them lazily is written as well: indices are deliberately out of date by a little, and
//! a mind that recalls goes on exactly as the one that remembered. Numbers out of a file
//! are taken only if learning could have made them.

use serde::{Deserialize, Serialize};

use crate::keepalive::hazard::bins::BINS;
use crate::time::Span;

/// A function's gaps.
#[derive(Debug, Serialize, Deserialize)]
pub struct GapsImage {
    /// Per level from 1: its context, and for how long it has not been needed; no time at
    /// all if it is at work, which ends with the run.
    pub levels: Vec<(u8, Span)>,
    /// Per class that has habits.
    pub habits: Vec<(u8, HabitImage)>,
}

/// How gaps of one class end.
#[derive(Debug, Serialize, Deserialize)]
pub struct HabitImage {
    /// Weights of the bins that have any.
    pub weights: Vec<(u8, f32)>,
    /// The weight of the next gap.
    pub weight: f32,
    /// The context.
    pub context: u8,
    /// Gaps that count.
    pub count: u32,
    /// Gaps since the indices were thrown away.
    pub fresh: u32,
    /// The epoch of the prior.
    pub epoch: u32,
    /// The indices that are known, with their bins.
    pub indices: Vec<(u8, f32)>,
}

/// The shared prior.
#[derive(Debug, Serialize, Deserialize)]
pub struct PriorImage {
    /// Per curve: the chance of no end, and the chances per bin.
    pub curves: Vec<(f32, Vec<(u8, f32)>)>,
    /// Per curve: gaps that ended.
    pub ended: Vec<Vec<(u8, f32)>>,
    /// Rebuildings so far.
    pub epoch: u32,
}

/// More than any weight or count becomes.
const NUMBER_MAX: f32 = 1e12;
/// More rebuildings than any run has.
const EPOCH_MAX: u32 = 1 << 30;

/// The bins that hold anything.
pub fn sparse(bins: &[f32; BINS]) -> Vec<(u8, f32)> {
    let held = bins.iter().enumerate().filter(|(_, weight)| **weight != 0.0);
    held.map(|(bin, &weight)| (bin as u8, weight)).collect()
}

/// All bins; `None` if they cannot have been learned.
pub fn dense(held: &[(u8, f32)]) -> Option<[f32; BINS]> {
    let mut bins = [0.0; BINS];
    for &(bin, weight) in held {
        *bins.get_mut(usize::from(bin))? = number(weight)?;
    }
    Some(bins)
}

/// The number, if it can have been learned.
pub fn number(number: f32) -> Option<f32> {
    (0.0..=NUMBER_MAX).contains(&number).then_some(number)
}

/// The epoch, if there can have been so many.
pub fn epoch(epoch: u32) -> Option<u32> {
    (epoch <= EPOCH_MAX).then_some(epoch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_read_back_unless_they_cannot_have_been_learned() {
        let mut bins = [0.0; BINS];
        (bins[3], bins[BINS - 1]) = (0.25, 7.0);
        assert_eq!(sparse(&bins), [(3, 0.25), (BINS as u8 - 1, 7.0)]);
        assert_eq!(dense(&sparse(&bins)), Some(bins));
        for hurt in [(BINS as u8, 1.0), (0, -1.0), (0, f32::NAN), (0, f32::INFINITY), (0, 1e20)] {
            assert_eq!(dense(&[hurt]), None, "{hurt:?}");
        }
        assert_eq!(epoch(u32::MAX), None);
    }
}
