//! A network as the scenarios see it: nodes, links with delays, and who does what.

use swell_core::time::Span;

/// A link that carries both ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// One end.
    pub a: u32,
    /// The other end.
    pub b: u32,
    /// One way.
    pub delay: Span,
}

/// Nodes `0..nodes`, their links, and their parts. A node may have several parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Topology {
    /// As it was asked for.
    pub name: String,
    /// How many nodes.
    pub nodes: u32,
    /// Between which nodes.
    pub links: Vec<Link>,
    /// Nodes that ask, ascending.
    pub receivers: Vec<u32>,
    /// Nodes with a cache, ascending.
    pub caches: Vec<u32>,
    /// Nodes that hold all or some of the contents for good, ascending.
    pub sources: Vec<u32>,
    /// The workload of each receiver; empty where all ask for the same contents.
    pub workloads: Vec<u32>,
    /// The cache group of each cache; empty where there are none.
    pub groups: Vec<u32>,
    /// The node that leads each group; empty where nobody does.
    pub leaders: Vec<u32>,
}

impl Topology {
    /// A topology of that many nodes and nothing else.
    pub fn empty(name: impl Into<String>, nodes: u32) -> Self {
        Self { name: name.into(), nodes, ..Self::default() }
    }

    /// One more link.
    pub fn link(&mut self, a: u32, b: u32, delay: Span) {
        self.links.push(Link { a, b, delay });
    }

    /// For each node its neighbours, ascending, each once by its fastest link.
    pub fn neighbours(&self) -> Vec<Vec<(u32, Span)>> {
        let mut neighbours = vec![Vec::new(); self.nodes as usize];
        for link in self.links.iter().filter(|link| link.a != link.b) {
            neighbours[link.a as usize].push((link.b, link.delay));
            neighbours[link.b as usize].push((link.a, link.delay));
        }
        for of_node in &mut neighbours {
            of_node.sort_unstable();
            of_node.dedup_by_key(|(node, _)| *node);
        }
        neighbours
    }
}
