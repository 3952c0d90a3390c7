//! A tree: the source is its root, the leaves ask.

use swell_core::time::Span;

use crate::cache::graph::Topology;

/// The delay of a link, as in Icarus.
const DELAY: Span = Span::from_millis(1);

/// Nodes of a tree, if they can be counted here.
pub fn nodes(children: u32, height: u32) -> Option<u32> {
    let mut level = 1u32;
    let mut nodes = 1u32;
    for _ in 0..height {
        level = level.checked_mul(children)?;
        nodes = nodes.checked_add(level)?;
    }
    Some(nodes)
}

/// A tree numbered level by level, of at least two levels of links; all between root and
/// leaves have caches. Asserts that its nodes can be counted.
pub fn tree(children: u32, height: u32) -> Topology {
    let nodes = nodes(children, height).expect("its nodes can be counted");
    let leaves = children.pow(height);
    let name = format!("tree:children={children},height={height}");
    let mut topology = Topology::empty(name, nodes);
    for node in 1..nodes {
        topology.link((node - 1) / children, node, DELAY);
    }
    topology.receivers = (nodes - leaves..nodes).collect();
    topology.caches = (1..nodes - leaves).collect();
    topology.sources = vec![0];
    topology
}
