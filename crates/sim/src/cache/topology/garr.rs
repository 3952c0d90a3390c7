//! GARR, the network of Italy's universities, as of January 2012.
//!
//! Nodes and links are those of the Internet Topology Zoo (Knight, Nguyen, Falkner, Bowden
//! and Roughan, IEEE JSAC 2011, data set Garr201201), parallel links drawn once; who asks and
//! who serves is as in Icarus: neighbouring networks are sources, routers with one neighbour
//! ask, all others have caches. 2 ms for a link within, 34 ms for one to a source.

use swell_core::time::Span;

use crate::cache::graph::Topology;

const INTERNAL: Span = Span::from_millis(2);
const EXTERNAL: Span = Span::from_millis(34);

const NODES: u32 = 61;

const SOURCES: [u32; 13] = [0, 2, 3, 5, 13, 16, 23, 24, 25, 27, 51, 52, 54];

const RECEIVERS: [u32; 21] =
    [1, 7, 8, 9, 11, 12, 19, 26, 28, 30, 32, 33, 41, 42, 43, 47, 48, 50, 53, 57, 60];

const LINKS: [(u32, u32); 75] = [
    (0, 35),
    (1, 4),
    (2, 35),
    (3, 37),
    (4, 10),
    (4, 55),
    (4, 7),
    (5, 55),
    (6, 45),
    (6, 55),
    (8, 22),
    (9, 58),
    (10, 44),
    (10, 45),
    (10, 21),
    (10, 55),
    (11, 55),
    (12, 20),
    (13, 29),
    (14, 34),
    (14, 35),
    (14, 46),
    (14, 49),
    (14, 55),
    (14, 57),
    (14, 26),
    (14, 29),
    (15, 35),
    (15, 53),
    (15, 37),
    (16, 34),
    (17, 56),
    (17, 34),
    (18, 41),
    (18, 43),
    (18, 21),
    (18, 55),
    (18, 49),
    (19, 21),
    (20, 21),
    (21, 22),
    (21, 23),
    (24, 37),
    (25, 37),
    (27, 55),
    (28, 55),
    (29, 30),
    (29, 59),
    (31, 33),
    (31, 34),
    (32, 49),
    (34, 35),
    (34, 36),
    (35, 37),
    (35, 52),
    (35, 56),
    (36, 37),
    (37, 51),
    (37, 38),
    (37, 39),
    (37, 40),
    (37, 56),
    (37, 55),
    (37, 58),
    (38, 56),
    (39, 59),
    (40, 59),
    (40, 54),
    (42, 49),
    (44, 55),
    (46, 60),
    (47, 49),
    (48, 49),
    (49, 50),
    (55, 59),
];

/// The network.
pub fn garr() -> Topology {
    let mut topology = Topology::empty("garr", NODES);
    for (a, b) in LINKS {
        let is_external = SOURCES.contains(&a) || SOURCES.contains(&b);
        topology.link(a, b, if is_external { EXTERNAL } else { INTERNAL });
    }
    let is_router = |node: &u32| !SOURCES.contains(node) && !RECEIVERS.contains(node);
    topology.receivers = RECEIVERS.to_vec();
    topology.caches = (0..NODES).filter(is_router).collect();
    topology.sources = SOURCES.to_vec();
    topology
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_published_network() {
        let garr = garr();
        assert_eq!((garr.nodes, garr.links.len(), garr.caches.len()), (61, 75, 27));
        let neighbours = garr.neighbours();
        for node in garr.receivers.iter().chain(&garr.sources) {
            assert_eq!(neighbours[*node as usize].len(), 1, "{node} stands at the edge");
        }
    }
}
