//! A member site: what it can bear, and what is known of its messages and votes.

use serde::{Deserialize, Serialize};

use crate::council::sender::Sender;
use crate::council::words::Loads;

/// The most members.
pub const MEMBERS_MAX: usize = 64;

/// The longest name of a member, in bytes.
pub const NAME_BYTES_MAX: usize = 255;

/// A member site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// What it can bear.
    pub capacity: Loads,
    /// Its messages so far.
    pub sender: Sender,
    /// How its votes turned out.
    pub votes: VoteRecord,
    /// It renewed after the last tick: its leases run from the next.
    pub has_renewed: bool,
    /// What people call it; empty until it was introduced.
    pub name: String,
    /// The number that it drew when it joined. Whoever joins in its name with another one is
    /// another machine with the same invitation.
    pub lot: Option<u64>,
    /// The entry by which it left or was removed last; none is 0. What it was certified by before
    /// lets nobody in any more.
    pub dismissed: u64,
}

impl Member {
    /// One that nothing is known of but what it can bear.
    pub fn new(capacity: Loads) -> Self {
        let (sender, votes) = (Sender::default(), VoteRecord::default());
        let (name, lot, dismissed) = (String::new(), None, 0);
        Self { capacity, sender, votes, has_renewed: false, name, lot, dismissed }
    }
}

/// How often a site's votes on moves turned out right, as a slow mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoteRecord {
    /// Parts per million of the votes, the latest weighing most.
    right_ppm: u32,
}

/// A new vote weighs one in so many.
const MEMORY: u32 = 16;

impl Default for VoteRecord {
    /// Nothing is known: half and half.
    fn default() -> Self {
        Self { right_ppm: 500_000 }
    }
}

impl VoteRecord {
    /// A move that this site voted on was checked.
    pub fn learn(&mut self, was_right: bool) {
        let came = if was_right { 1_000_000 } else { 0 };
        self.right_ppm = (self.right_ppm * (MEMORY - 1) + came) / MEMORY;
    }

    /// How much a weight is multiplied by, in thousandths: 500 to 1,500.
    pub fn factor_milli(self) -> u64 {
        500 + u64::from(self.right_ppm) / 1_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn votes_that_turn_out_wrong_cost_weight_slowly() {
        let mut record = VoteRecord::default();
        assert_eq!(record.factor_milli(), 1_000);
        record.learn(false);
        assert!((950..1_000).contains(&record.factor_milli()));
        (0..200).for_each(|_| record.learn(false));
        assert_eq!(record.factor_milli(), 500);
        (0..200).for_each(|_| record.learn(true));
        assert!((1_490..=1_500).contains(&record.factor_milli()));
    }
}
