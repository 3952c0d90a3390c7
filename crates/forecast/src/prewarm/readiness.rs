//! The question of this folder: how much speaks for a warm copy in the coming step?
//!
//! An answer is a number per function; a copy is kept where it reaches a threshold. So every
//! answer is a curve, from always ready to never, and thresholds are points on it.

use std::ops::Range;

use crate::panel::Past;

/// An answer.
pub trait Readiness: Send + Sync {
    /// How much speaks for a warm copy of some members in the step of the origin, each 0 to 1.
    fn ready(&self, past: &Past<'_>, members: Range<usize>) -> Vec<f32>;
}
