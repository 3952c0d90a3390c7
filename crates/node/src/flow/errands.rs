//! What other nodes are still to be told of flows, and asked for.

use std::collections::{BTreeMap, BTreeSet};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use swell_core::flow::directory::{Turns, Whereabouts};
use swell_core::time::Instant;

use crate::flow::records::FlowRecord;
use crate::flow::wire::Elsewhere;

/// Flows that are told of, or asked for, at a time.
pub(crate) const FLOWS_MAX: usize = 512;

/// What a node says about flows, and what it would know.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Talk {
    /// Flows that it has.
    pub(crate) told: BTreeMap<String, Whereabouts>,
    /// Flows that it does not reach.
    pub(crate) sought: BTreeSet<String>,
}

/// What other nodes are to be told, and asked.
#[derive(Default)]
pub(crate) struct Errands(Mutex<Open>);

#[derive(Default)]
struct Open {
    /// By node: where it is, and which flows that are here it has not heard of.
    untold: BTreeMap<String, (String, BTreeSet<String>)>,
    telling: Turns,
    asking: Turns,
}

impl Errands {
    /// A flow is here: the nodes that may have a way to it are to be told.
    pub(crate) fn begin(&self, record: &FlowRecord) {
        let mut open = self.0.lock();
        for (node, at) in &record.nodes {
            let (known, flows) = open.untold.entry(node.clone()).or_default();
            known.clone_from(at);
            flows.insert(record.spec.name.clone());
            open.telling.forget(node);
        }
    }

    /// A flow is not here any more.
    pub(crate) fn forget(&self, flow: &str) {
        self.0.lock().untold.retain(|_, (_, flows)| {
            flows.remove(flow);
            !flows.is_empty()
        });
    }

    /// A node has heard of these.
    pub(crate) fn told<'a>(&self, node: &str, told: impl Iterator<Item = &'a String>) {
        let mut open = self.0.lock();
        if let Some((_, flows)) = open.untold.get_mut(node) {
            for flow in told {
                flows.remove(flow);
            }
            open.telling.forget(node);
        }
        open.untold.retain(|_, (_, flows)| !flows.is_empty());
    }

    /// Who is due to be told of what.
    pub(crate) fn due(&self, now: Instant) -> Vec<(Elsewhere, Vec<String>)> {
        let mut open = self.0.lock();
        let Open { untold, telling, .. } = &mut *open;
        let due = untold.iter().filter(|(node, _)| telling.take(node, now));
        let due = due.map(|(node, (at, flows))| {
            let to = Elsewhere { node: node.clone(), at: at.clone() };
            (to, flows.iter().take(FLOWS_MAX).cloned().collect())
        });
        due.collect()
    }
    /// Of flows that are not reached, those that others are to be asked for.
    pub(crate) fn sought(
        &self,
        silent: BTreeMap<String, FlowRecord>,
        now: Instant,
    ) -> Vec<(String, FlowRecord)> {
        let asking = &mut self.0.lock().asking;
        asking.retain(|name| silent.contains_key(name));
        silent.into_iter().filter(|(name, _)| asking.take(name, now)).collect()
    }
}

#[cfg(test)]
mod tests {
    use swell_api::flow::FlowSpec;

    use super::*;

    #[test]
    fn who_may_have_a_way_is_told_until_it_has_heard() {
        let errands = Errands::default();
        let flow = |name: &str, nodes: &[&str]| {
            let mut record = FlowRecord::new(FlowSpec::plain(name, &["camera"], "detect"));
            record.nodes =
                nodes.iter().map(|node| (node.to_string(), format!("{node}:1"))).collect();
            record
        };
        let due = |second: u64| -> Vec<String> {
            let due = errands.due(Instant::from_millis(second * 1_000)).into_iter();
            due.map(|(to, flows)| format!("{} {}", to.at, flows.join("+"))).collect()
        };
        errands.begin(&flow("frames", &["berlin", "paris"]));
        assert_eq!(due(0), ["berlin:1 frames", "paris:1 frames"]);
        errands.told("paris", ["frames".to_string()].iter());
        assert_eq!(due(1), ["berlin:1 frames"]);
        // What is news is told at once.
        errands.begin(&flow("sounds", &["berlin"]));
        assert_eq!(due(2), ["berlin:1 frames+sounds"]);
        errands.forget("frames");
        assert_eq!(due(3), ["berlin:1 sounds"]);
        errands.told("berlin", ["sounds".to_string()].iter());
        assert!(due(100).is_empty());

        let silent = || -> BTreeMap<String, FlowRecord> {
            [("frames".to_string(), flow("frames", &[]))].into()
        };
        assert_eq!(errands.sought(silent(), Instant::ZERO).len(), 1);
        assert!(errands.sought(silent(), Instant::ZERO).is_empty());
        errands.sought(BTreeMap::new(), Instant::ZERO);
        assert_eq!(errands.sought(silent(), Instant::ZERO).len(), 1, "it fell silent anew");
    }
}
