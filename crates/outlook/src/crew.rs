//! The nodes of the own site: what each used, slot by slot, and how it fared.

use std::collections::BTreeMap;

use swell_core::council::words::{Loads, Slot};

use crate::history::{History, Source};
use crate::naming::{NodeNumber, node_number};
use crate::odds::{Odds, failing_share};
use crate::sums::{Amounts, Reading, plus};

/// A node of the own site, at the end of a slot.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeReading {
    /// What it is called.
    pub name: String,
    /// What it can bear.
    pub capacity: Loads,
    /// Whether it reports.
    pub is_there: bool,
    /// What it used since it came up.
    pub reading: Reading,
}

/// The nodes of the own site. Empty where that is one node.
#[derive(Debug, Clone, Default)]
pub struct Crew {
    nodes: BTreeMap<NodeNumber, NodeReading>,
    seen: BTreeMap<NodeNumber, Amounts>,
    odds: Odds<NodeNumber>,
}

impl Crew {
    /// A slot is over. A node that is lost bears nothing.
    pub fn on_slot(&mut self, history: &mut History, slot: Slot, nodes: Vec<NodeReading>) {
        self.seen.clear();
        let mut all = BTreeMap::new();
        for node in nodes {
            let number = node_number(&node.name);
            if let Some(before) = self.nodes.get(&number) {
                let used = match node.is_there {
                    true => used(&node.reading, &before.reading),
                    false => Some(Amounts::default()),
                };
                if let Some(used) = used {
                    history.add(Source::Node(number), slot, used);
                    self.seen.insert(number, used);
                }
                let before = &before.reading.workloads;
                let shares = node.reading.workloads.iter().filter_map(|(name, sums)| {
                    sums.failures_since(&before.get(name).copied().unwrap_or_default())
                });
                self.odds.on_slot(number, node.is_there.then(|| failing_share(shares)));
            }
            all.insert(number, node);
        }
        self.nodes = all;
    }

    /// The nodes, as they were at the end of the last slot.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeNumber, &NodeReading)> {
        self.nodes.iter().map(|(number, node)| (*number, node))
    }

    /// What a node used in the last slot.
    pub fn seen(&self, node: NodeNumber) -> Option<Amounts> {
        self.seen.get(&node).copied()
    }

    /// The chance that a node fails in the next slot.
    pub fn chance_of_failure(&self, node: NodeNumber) -> f32 {
        self.odds.of_failure(node)
    }
}

/// What a node used between two readings; nothing if no time passed.
fn used(now: &Reading, before: &Reading) -> Option<Amounts> {
    let elapsed_ms = now.at_ms.checked_sub(before.at_ms).filter(|elapsed_ms| *elapsed_ms > 0)?;
    let loads = now.workloads.iter().map(|(name, sums)| {
        let earlier = before.workloads.get(name).copied().unwrap_or_default();
        sums.loads_since(&earlier, elapsed_ms)
    });
    let workloads = loads.fold(Amounts::default(), plus);
    Some(plus(workloads, now.rest_since(before, elapsed_ms, workloads)))
}
