//! Dice, from the seed of a schedule.

use swell_core::rng::{Rng, below};

/// Once in so many times.
pub(crate) fn chance(rng: &mut Rng, of: u64) -> bool {
    below(rng, of) == 0
}

/// One of these.
pub(crate) fn pick<T: Copy>(rng: &mut Rng, items: &[T]) -> T {
    items[below(rng, items.len() as u64) as usize]
}

/// These in any order.
pub(crate) fn shuffle<T>(rng: &mut Rng, items: &mut [T]) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(rng, last as u64 + 1) as usize);
    }
}
