//! A line: one asks at its beginning, the source is at its end.

use swell_core::time::Span;

use crate::cache::graph::Topology;

/// The delay of a link, as in Icarus.
const DELAY: Span = Span::from_millis(1);

/// A line of at least three nodes; all between the ends have caches.
pub fn path(nodes: u32) -> Topology {
    let mut topology = Topology::empty(format!("path:nodes={nodes}"), nodes);
    for node in 1..nodes {
        topology.link(node - 1, node, DELAY);
    }
    topology.receivers = vec![0];
    topology.caches = (1..nodes - 1).collect();
    topology.sources = vec![nodes - 1];
    topology
}
