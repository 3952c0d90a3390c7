//! Where a clone should be: near those who ask for it, where there is room.
//!
//! Kept apart from how many there should be, so that the same rule serves what a node has
//! room for itself and what it asks others for.

use crate::time::Span;
use crate::units::Bytes;

/// A place for clones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// Memory that clones may still take there.
    pub headroom: Bytes,
    /// How far it is from where requests come from, one way.
    pub distance: Span,
}

/// Memory that is left at each node while clones are placed one after the other.
#[derive(Debug, Clone)]
pub struct Places {
    nodes: Vec<Node>,
}

impl Places {
    /// All of these nodes.
    pub fn new(nodes: &[Node]) -> Self {
        Self { nodes: nodes.to_vec() }
    }

    /// Takes room for one clone at the nearest node that has it, of equally near ones at
    /// that with the most; tells which. `None` takes nothing.
    pub fn take(&mut self, memory: Bytes) -> Option<usize> {
        self.take_where(memory, |_| true)
    }

    /// The same, of those places that are fit for it.
    pub fn take_where(&mut self, memory: Bytes, is_fit: impl Fn(usize) -> bool) -> Option<usize> {
        let fitting = self.nodes.iter().enumerate();
        let fitting = fitting.filter(|(place, node)| node.headroom >= memory && is_fit(*place));
        let best = fitting
            .min_by_key(|(place, node)| (node.distance, std::cmp::Reverse(node.headroom), *place));
        let place = best?.0;
        self.nodes[place].headroom -= memory;
        Some(place)
    }

    /// Memory that is left anywhere.
    pub fn left(&self) -> Bytes {
        self.nodes.iter().fold(Bytes::ZERO, |sum, node| sum + node.headroom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(headroom_mb: u64, distance_ms: u64) -> Node {
        let distance = Span::from_millis(distance_ms);
        Node { headroom: Bytes::from_mb(headroom_mb), distance }
    }

    #[test]
    fn the_nearest_with_room_is_taken_then_the_next() {
        for (nodes, memory_mb, expected) in [
            (vec![], 100, vec![None]),
            (vec![node(250, 5)], 100, vec![Some(0), Some(0), None]),
            (vec![node(150, 9), node(250, 5)], 100, vec![Some(1), Some(1), Some(0), None]),
            (vec![node(100, 5), node(300, 5)], 100, vec![Some(1), Some(1), Some(0), Some(1), None]),
            (vec![node(50, 1), node(100, 80)], 100, vec![Some(1), None]),
        ] {
            let mut places = Places::new(&nodes);
            let taken = expected.iter().map(|_| places.take(Bytes::from_mb(memory_mb)));
            assert_eq!(taken.collect::<Vec<_>>(), expected, "{nodes:?}");
        }
    }

    #[test]
    fn what_was_taken_is_no_longer_left() {
        let mut places = Places::new(&[node(150, 9), node(250, 5)]);
        places.take(Bytes::from_mb(200));
        assert_eq!(places.left(), Bytes::from_mb(200));
    }
}
