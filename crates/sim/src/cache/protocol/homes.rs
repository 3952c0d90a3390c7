//! Which group has what: the words of the simulator and of the protocol for it.

use std::collections::BTreeMap;

use swell_core::cachegroup::names::{ContentId, GroupId};

use crate::cache::case::Case;
use crate::cache::graph::Topology;
use crate::cache::replacement::bank::Content;

/// The group of each receiver: the first that has its workload, so that a content has one.
pub fn homes(topology: &Topology) -> Vec<GroupId> {
    let mut of_workloads = BTreeMap::new();
    let both = topology.workloads.iter().zip(&topology.groups);
    both.map(|(workload, &group)| *of_workloads.entry(workload).or_insert(GroupId(group))).collect()
}

/// Contents of all workloads that anybody has, and their groups.
pub fn contents(
    case: &Case,
    topology: &Topology,
    homes: &[GroupId],
) -> BTreeMap<ContentId, GroupId> {
    let both = topology.workloads.iter().zip(homes);
    let each = both.collect::<BTreeMap<_, _>>();
    each.into_iter()
        .flat_map(|(workload, &group)| {
            let first = workload * case.contents;
            (1..=case.contents).map(move |rank| (id(first + rank), group))
        })
        .collect()
}

/// A content, as the protocol knows it.
pub fn id(content: Content) -> ContentId {
    ContentId(u128::from(content))
}

/// The same back.
pub fn number(content: ContentId) -> Content {
    content.0 as Content
}
