//! A metropolitan ring: a receiver at every router, the source behind the first.

use swell_core::time::Span;

use crate::cache::graph::Topology;

/// The delay of a link within the ring and to its receivers, as in Icarus.
const INTERNAL: Span = Span::from_millis(1);
/// The delay of the link to the source, as in Icarus.
const EXTERNAL: Span = Span::from_millis(5);

/// A ring of at least three routers, all with caches: routers come first in number, then
/// their receivers, then the source.
pub fn ring(routers: u32) -> Topology {
    let mut topology = Topology::empty(format!("ring:routers={routers}"), 2 * routers + 1);
    for router in 0..routers {
        topology.link(router, (router + 1) % routers, INTERNAL);
        topology.link(router, routers + router, INTERNAL);
    }
    topology.link(0, 2 * routers, EXTERNAL);
    topology.receivers = (routers..2 * routers).collect();
    topology.caches = (0..routers).collect();
    topology.sources = vec![2 * routers];
    topology
}
