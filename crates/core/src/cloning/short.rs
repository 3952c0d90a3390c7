//! Clones that were wished for and not made, by what stood in the way.
//!
//! Counted when a wish is weighed anew: what is missing of it then came too late for its step.

/// What keeps clones from being made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// So many starts a second are enough.
    Rate,
    /// Clones have cost more starts of late than they were worth.
    Unpaid,
    /// There is no memory that they may have.
    Room,
    /// Those before them failed.
    Failing,
}

/// Clones that were missing when their wish was weighed anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ShortTally {
    /// For want of starts.
    pub rate: u64,
    /// Because clones did not pay.
    pub unpaid: u64,
    /// For want of memory, or of what memory is worth.
    pub room: u64,
    /// Because those before them failed.
    pub failing: u64,
}

impl ShortTally {
    pub(crate) fn add(&mut self, obstacle: Obstacle, clones: u32) {
        let count = match obstacle {
            Obstacle::Rate => &mut self.rate,
            Obstacle::Unpaid => &mut self.unpaid,
            Obstacle::Room => &mut self.room,
            Obstacle::Failing => &mut self.failing,
        };
        *count += u64::from(clones);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_obstacle_has_its_own_count() {
        let mut tally = ShortTally::default();
        for (obstacle, clones) in [
            (Obstacle::Rate, 1),
            (Obstacle::Room, 2),
            (Obstacle::Failing, 4),
            (Obstacle::Rate, 8),
            (Obstacle::Unpaid, 16),
        ] {
            tally.add(obstacle, clones);
        }
        assert_eq!(tally, ShortTally { rate: 9, unpaid: 16, room: 2, failing: 4 });
    }
}
