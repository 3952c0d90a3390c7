//! How much may be forecast, by what was ever seen.

use crate::abreast::largest;

/// No forecast goes beyond ten times the most that was ever seen, and a little: what a
/// runaway trend says of tomorrow is no news. Gaps are not seen.
pub fn bound(counts: &[f32]) -> f32 {
    bound_of(largest(counts))
}

/// The same of counts of which the largest is known.
pub fn bound_of(largest: f32) -> f32 {
    10.0 * (largest + 10.0)
}
