//! Who votes in a group.
//!
//! The list in office is in the group's row of the data store; what settings name only founds a
//! group that has none. Lists are numbered, and each follows from the one before by comparing and
//! setting, as reigns do: whoever asks for a reign says which list it was elected by, and who
//! changes the list says in which reign. So there is one list in office at any time, and no two
//! electorates.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::cachegroup::names::NodeId;
use crate::time::Instant;

/// The most voters of a group: it outlives the loss of two.
pub const VOTERS_MAX: usize = 5;

/// Who votes in a group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Voters {
    /// Counts the lists of the group; 0 is one that settings name, and no row has.
    pub number: u64,
    /// Who votes, in the order in which they stand.
    pub names: Vec<NodeId>,
}

impl Voters {
    /// As settings name them.
    pub fn by_settings(names: Vec<NodeId>) -> Self {
        Self { number: 0, names }
    }

    /// Whether the data store has a list.
    pub fn are_in_office(&self) -> bool {
        self.number > 0
    }

    /// The list that follows with these names; the first in office, if none is.
    pub fn followed_by(&self, names: Vec<NodeId>) -> Self {
        Self { number: self.number + 1, names }
    }

    /// Whether a node is one of them.
    pub fn contains(&self, node: NodeId) -> bool {
        self.names.contains(&node)
    }

    /// How many are more than half.
    pub fn majority(&self) -> usize {
        self.names.len() / 2 + 1
    }

    /// Since when so many of them support a bid, by when each was last asked.
    pub fn backing(&self, supports: &BTreeMap<NodeId, Instant>, wanted: usize) -> Option<Instant> {
        let own = self.names.iter().filter_map(|voter| supports.get(voter).copied());
        let mut asked: Vec<Instant> = own.collect();
        asked.sort_unstable_by(|a, b| b.cmp(a));
        asked.get(wanted - 1).copied()
    }

    /// Whether every majority of them has one who keeps it (section 6.5).
    pub fn always_meet(&self, keepers: &BTreeSet<NodeId>) -> bool {
        let own = self.names.iter().filter(|voter| keepers.contains(voter)).count();
        own > self.names.len() - self.majority()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voters(names: &[u32]) -> Voters {
        Voters { number: 1, names: names.iter().copied().map(NodeId).collect() }
    }

    #[test]
    fn every_majority_meets_those_who_keep() {
        for count in 1..=VOTERS_MAX as u32 {
            let own = voters(&(0..count).collect::<Vec<_>>());
            for kept in 0..1_u32 << count {
                let set = |bits: u32| (0..count).filter(move |one| bits >> one & 1 == 1);
                let keepers: BTreeSet<NodeId> = set(kept).map(NodeId).collect();
                let all_meet = (0..1_u32 << count)
                    .filter(|&half| set(half).count() == own.majority())
                    .all(|half| half & kept != 0);
                assert_eq!(own.always_meet(&keepers), all_meet, "{count} voters, {kept:b}");
            }
        }
        let strangers = BTreeSet::from([NodeId(7), NodeId(8), NodeId(9)]);
        assert!(!voters(&[0, 1, 2]).always_meet(&strangers), "others do not count");
    }

    #[test]
    fn a_majority_supports_since_its_last_was_asked() {
        let at = Instant::from_millis;
        let supports =
            BTreeMap::from([(NodeId(0), at(30)), (NodeId(2), at(10)), (NodeId(9), at(99))]);
        let own = voters(&[0, 1, 2]);
        assert_eq!(own.backing(&supports, own.majority()), Some(at(10)));
        assert_eq!(own.backing(&supports, 3), None);
        assert_eq!(own.followed_by(vec![NodeId(4)]).number, 2);
    }
}
