//! How long a message takes from one node to another.

use swell_core::time::Span;

use crate::cache::graph::Topology;
use crate::cache::route::Ways;

/// The most nodes of which all distances are kept.
pub const NODES_MAX: u32 = 2048;

/// The delay between any two nodes of a network.
#[derive(Debug, Clone)]
pub struct Distances {
    nodes: usize,
    delays: Vec<Span>,
}

/// A node that some other cannot reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Apart(pub u32);

impl Distances {
    /// Measures a network of at most [`NODES_MAX`] nodes.
    pub fn of(topology: &Topology) -> Result<Self, Apart> {
        assert!(topology.nodes <= NODES_MAX, "whoever reads the network from people checks first");
        let neighbours = topology.neighbours();
        let mut delays = Vec::with_capacity((topology.nodes as usize).pow(2));
        for from in 0..topology.nodes {
            let ways = Ways::from(&neighbours, from);
            for to in 0..topology.nodes {
                delays.push(ways.to(to).ok_or(Apart(to))?.delay);
            }
        }
        Ok(Self { nodes: topology.nodes as usize, delays })
    }

    /// One way.
    pub fn between(&self, from: u32, to: u32) -> Span {
        self.delays[from as usize * self.nodes + to as usize]
    }
}
