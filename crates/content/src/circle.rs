//! The nodes that share contents, the same list on all of them, and who of them votes in which
//! group.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use swell_core::cachegroup::action::Charter;
use swell_core::cachegroup::names::{GroupId, NodeId};

use crate::naming::node_of;

/// The most voters of a group: it outlives the loss of two.
const VOTERS_MAX: usize = 5;

/// The nodes that share contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circle {
    me: NodeId,
    names: BTreeMap<NodeId, String>,
}

impl Circle {
    /// The node called `me` among these; which it need not be itself.
    pub fn new<'a>(me: &str, all: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut names = BTreeMap::from([(node_of(me), me.to_string())]);
        for name in all {
            let former = names.insert(node_of(name), name.to_string());
            if let Some(former) = former.filter(|former| former != name) {
                return Err(format!(
                    "the nodes `{former}` and `{name}` cannot be told apart; rename one of them"
                ));
            }
        }
        Ok(Self { me: node_of(me), names })
    }

    /// This node.
    pub fn me(&self) -> NodeId {
        self.me
    }

    /// What a node is called.
    pub fn name(&self, node: NodeId) -> Option<&str> {
        self.names.get(&node).map(String::as_str)
    }

    /// All nodes.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &str)> {
        self.names.iter().map(|(&node, name)| (node, name.as_str()))
    }

    /// Who votes in a group: an odd number of nodes, as more would not outlive more. Who they
    /// are, and who stands first, is dealt by hashes (rendezvous hashing), so that groups have
    /// leaders all over the circle.
    pub fn charter(&self, group: GroupId) -> Charter {
        let weight = |node: NodeId| {
            let hash = Sha256::new().chain_update(group.0.to_be_bytes());
            hash.chain_update(node.0.to_be_bytes()).finalize()
        };
        let mut voters: Vec<NodeId> = self.names.keys().copied().collect();
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
    fn the_number_of_voters_is_odd() {
        for (nodes, voters) in [(1, 1), (2, 1), (3, 3), (4, 3), (5, 5), (9, 5)] {
            let names: Vec<String> = (0..nodes).map(|node| format!("n{node}")).collect();
            let circle = Circle::new("n0", names.iter().map(String::as_str)).expect("names");
            assert_eq!(circle.charter(GroupId(1)).voters.len(), voters, "{nodes}");
        }
    }
}
