//! P0: how much of a task's inputs a node lacks, for whoever places tasks.

use std::collections::BTreeMap;

use crate::cachegroup::leader_table::LeaderTable;
use crate::cachegroup::names::{ContentId, NodeId};
use crate::units::Bytes;

/// Bytes of these inputs that each node lacks, as far as the leader of their group knows. What
/// it does not know of counts as nowhere; a wrong hint costs a fetch, never a wrong result.
pub fn missing(
    inputs: &BTreeMap<ContentId, Bytes>,
    table: &LeaderTable,
    nodes: impl IntoIterator<Item = NodeId>,
) -> BTreeMap<NodeId, Bytes> {
    let all: u64 = inputs.values().map(|size| size.get()).sum();
    let mut missing: BTreeMap<NodeId, u64> = nodes.into_iter().map(|node| (node, all)).collect();
    for (content, size) in inputs {
        let holders = table.get(content).into_iter().flat_map(|row| row.newest_holders());
        for holder in holders {
            if let Some(lacks) = missing.get_mut(&holder) {
                *lacks -= size.get();
            }
        }
    }
    missing.into_iter().map(|(node, lacks)| (node, Bytes::new(lacks))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cachegroup::leader_table::{Known, LeaderRow, LeaderTag};
    use crate::cachegroup::names::{Epoch, Sequence, Version};
    use crate::cachegroup::session::Revision;

    #[test]
    fn what_a_node_has_is_not_missing_there() {
        let version = |counter| Version { tenure: 0, epoch: Epoch(1), counter };
        let row = |holders: &[(u32, u64)]| {
            let revision = Revision { version: version(2), ..Revision::default() };
            let tag = LeaderTag::Free(Known { revision, committed: Sequence::START, tenure: 0 });
            let holders = holders.iter().map(|&(node, held)| (NodeId(node), version(held)));
            LeaderRow { tag, holders: holders.collect(), ..LeaderRow::default() }
        };
        let table = LeaderTable::from([
            (ContentId(1), row(&[(1, 2), (2, 1)])),
            (ContentId(2), row(&[(1, 2), (2, 2), (9, 2)])),
        ]);
        let inputs = [(1, 10), (2, 5), (3, 1)].map(|(id, size)| (ContentId(id), Bytes::new(size)));
        let lacks = missing(&inputs.into(), &table, [1, 2, 3].map(NodeId));
        // An older version is not the content, and who was not asked about is not told of.
        let expected =
            [(1, 1), (2, 11), (3, 16)].map(|(node, lacks)| (NodeId(node), Bytes::new(lacks)));
        assert_eq!(lacks, expected.into());
    }
}
