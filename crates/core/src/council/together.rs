//! Which workloads move together: those whose functions pass items to each other by flows. Apart, each
//! of their items would go over the network.
//!
//! It is what a proposer knows, not what the log does: who votes looks at what a proposal names.

use std::collections::BTreeMap;

use crate::council::proposal::WORKLOADS_MAX;
use crate::council::state::State;
use crate::council::words::WorkloadId;
use crate::ids::SiteId;

/// Workloads that are joined, each with the least of those that it is joined with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Joined(BTreeMap<WorkloadId, WorkloadId>);

impl Joined {
    /// Joins by pairs, also over several steps.
    pub fn of(pairs: impl IntoIterator<Item = (WorkloadId, WorkloadId)>) -> Self {
        let mut of: BTreeMap<WorkloadId, WorkloadId> = BTreeMap::new();
        for (one, other) in pairs {
            let first = *of.entry(one).or_insert(one);
            let second = *of.entry(other).or_insert(other);
            let (least, most) = (first.min(second), first.max(second));
            of.values_mut().filter(|root| **root == most).for_each(|root| *root = least);
        }
        Self(of)
    }

    /// What moves together with a workload, itself included, in order: as far as the same site has
    /// authority over it. More than a proposal can name do not move together.
    pub fn group(&self, state: &State, id: WorkloadId) -> Vec<WorkloadId> {
        let holder =
            |id: &WorkloadId| -> Option<SiteId> { Some(state.workloads.get(id)?.authority.holder) };
        let Some(root) = self.0.get(&id) else { return vec![id] };
        let own = holder(&id);
        let joined = self.0.iter().filter(|(_, of)| *of == root).map(|(id, _)| *id);
        let group: Vec<WorkloadId> =
            joined.filter(|other| *other == id || holder(other) == own).collect();
        if group.len() > WORKLOADS_MAX { vec![id] } else { group }
    }
}
