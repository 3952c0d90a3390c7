//! The nodes that share contents by a node's settings, and who of them votes in a group that has
//! no voters in the data store yet.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use swell_core::cachegroup::action::Charter;
use swell_core::cachegroup::names::{GroupId, NodeId};
use swell_core::cachegroup::voters::VOTERS_MAX;

use crate::naming::node_of;

/// The nodes that share contents, as their settings name them. This node need not be among them:
/// then it shares what they have and votes nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circle {
    me: NodeId,
    names: BTreeMap<NodeId, String>,
    voters: Vec<NodeId>,
}

impl Circle {
    /// The node called `me` among these, of which it need not be one. If there are none, it is
    /// alone.
    pub fn new<'a>(me: &str, all: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut names = BTreeMap::from([(node_of(me), me.to_string())]);
        let mut voters = BTreeSet::new();
        for name in all {
            voters.insert(node_of(name));
            let former = names.insert(node_of(name), name.to_string());
            if let Some(former) = former.filter(|former| former != name) {
                return Err(format!(
                    "the nodes `{former}` and `{name}` cannot be told apart; rename one of them"
                ));
            }
        }
        if voters.is_empty() {
            voters.insert(node_of(me));
        }
        Ok(Self { me: node_of(me), names, voters: voters.into_iter().collect() })
    }

    /// This node.
    pub fn me(&self) -> NodeId {
        self.me
    }

    /// Whether this node knows nobody else.
    pub fn is_alone(&self) -> bool {
        self.voters == [self.me]
    }

    /// What a node is called.
    pub fn name(&self, node: NodeId) -> Option<&str> {
        self.names.get(&node).map(String::as_str)
    }

    /// All nodes.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &str)> {
        self.names.iter().map(|(&node, name)| (node, name.as_str()))
    }

    /// Who founds a group and votes in it until others are put in their place: an odd number of nodes, as more would not outlive more. Who they
    /// are, and who stands first, is dealt by hashes (rendezvous hashing), so that groups have
    /// leaders all over the circle.
    pub fn charter(&self, group: GroupId) -> Charter {
        let weight = |node: NodeId| {
            let hash = Sha256::new().chain_update(group.0.to_be_bytes());
            hash.chain_update(node.0.to_be_bytes()).finalize()
        };
        let mut voters = self.voters.clone();
        voters.sort_by_cached_key(|&node| (weight(node), node));
        let most = voters.len().min(VOTERS_MAX);
        voters.truncate(if most.is_multiple_of(2) { most - 1 } else { most });
        Charter { group, voters }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_nodes_name_the_same_voters() {
        let names = ["a", "b", "c", "d", "e", "f"];
        let mut first = BTreeMap::new();
        for group in (0..60).map(GroupId) {
            let charters = names.map(|me| Circle::new(me, names).expect("names").charter(group));
            assert!(charters.iter().all(|charter| *charter == charters[0]));
            assert_eq!(charters[0].voters.len(), 5);
            *first.entry(charters[0].voters[0]).or_insert(0) += 1;
        }
        assert_eq!(first.len(), names.len(), "each leads some: {first:?}");
    }

    #[test]
    fn who_is_not_on_the_list_votes_nowhere() {
        let listed = Circle::new("a", ["a", "b", "c"]).expect("names");
        let guest = Circle::new("d", ["a", "b", "c"]).expect("names");
        let alone = Circle::new("d", []).expect("names");
        for group in (0..20).map(GroupId) {
            assert_eq!(guest.charter(group), listed.charter(group));
            assert_eq!(alone.charter(group).voters, [alone.me()]);
        }
        assert_eq!(guest.name(guest.me()), Some("d"));
    }

    #[test]
    fn the_number_of_voters_is_odd() {
        for (nodes, voters) in [(1, 1), (2, 1), (3, 3), (4, 3), (5, 5), (9, 5)] {
            let names: Vec<String> = (0..nodes).map(|node| format!("n{node}")).collect();
            let circle = Circle::new("n0", names.iter().map(String::as_str)).expect("names");
            assert_eq!(circle.charter(GroupId(1)).voters.len(), voters, "{nodes}");
        }
    }
}
