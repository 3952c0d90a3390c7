//! How much memory training may use.

use serde::{Deserialize, Serialize};

use crate::global::features::WIDTH;

/// How much memory training may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// In bytes.
    pub bytes: u64,
}

/// What is there besides examples, in bytes: the model, scratch, and a thread.
const BASE: u64 = 24 << 20;
/// What an example takes, in bytes: its row while the table of rows grows to the double, its
/// row of bins, its target, weight, slope and place at each level.
const EXAMPLE: u64 = (2 * 4 * WIDTH + WIDTH + 128) as u64;

impl Memory {
    /// How many examples may be looked at.
    pub fn examples(&self) -> usize {
        usize::try_from(self.bytes.saturating_sub(BASE) / EXAMPLE).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_bounds_examples() {
        assert_eq!(Memory { bytes: 0 }.examples(), 0);
        let of = |mib: u64| Memory { bytes: mib << 20 }.examples();
        assert!(of(32) > 5_000, "the least that settings allow teaches something: {}", of(32));
        assert!(of(64) > 30_000 && of(256) > 200_000 && of(256) < 400_000, "{}", of(256));
    }
}
