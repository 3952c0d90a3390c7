//! Shortest ways through a network, the same on every machine.
//!
//! The shortest is the one with the least delay; among equals the one with fewer links, then
//! the one whose last step comes from the node with the smaller number. Trees and odd rings
//! have no equals.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use swell_core::time::Span;

/// The shortest ways from one node to all (Dijkstra).
#[derive(Debug, Clone)]
pub struct Ways {
    reached: Vec<Option<Step>>,
}

/// How a node is reached: the least is the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// From the root to here.
    pub delay: Span,
    /// Links from the root to here.
    pub links: u32,
    /// The node before.
    pub from: u32,
}

impl Ways {
    /// The ways from `root`, given each node's neighbours.
    pub fn from(neighbours: &[Vec<(u32, Span)>], root: u32) -> Self {
        let mut reached: Vec<Option<Step>> = vec![None; neighbours.len()];
        let mut open = BinaryHeap::new();
        let start = Step { delay: Span::ZERO, links: 0, from: root };
        reached[root as usize] = Some(start);
        open.push(Reverse((start, root)));
        while let Some(Reverse((step, node))) = open.pop() {
            if reached[node as usize] != Some(step) {
                continue;
            }
            for &(next, delay) in &neighbours[node as usize] {
                let nanos = step.delay.nanos().saturating_add(delay.nanos());
                let delay = Span::from_nanos(nanos);
                let better = Step { delay, links: step.links + 1, from: node };
                if reached[next as usize].is_none_or(|known| better < known) {
                    reached[next as usize] = Some(better);
                    open.push(Reverse((better, next)));
                }
            }
        }
        Self { reached }
    }

    /// The step to a node, if there is a way.
    pub fn to(&self, node: u32) -> Option<Step> {
        self.reached[node as usize]
    }

    /// The nodes on the way to `node`, the root first; empty if there is none.
    pub fn nodes(&self, node: u32) -> Vec<u32> {
        let mut nodes = Vec::new();
        let mut at = node;
        while let Some(step) = self.to(at) {
            nodes.push(at);
            if step.links == 0 {
                break;
            }
            at = step.from;
        }
        nodes.reverse();
        nodes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_are_decided_by_links_then_by_numbers() {
        let ms = Span::from_millis;
        // From 0 to 3: over 1, over 2, over both at the same price, and straight for more.
        let links = [(0, 1, 2), (0, 2, 2), (1, 3, 2), (2, 3, 2), (0, 3, 5), (1, 2, 0)];
        let mut neighbours = vec![Vec::new(); 5];
        for (a, b, delay) in links {
            neighbours[a as usize].push((b, ms(delay)));
            neighbours[b as usize].push((a, ms(delay)));
        }
        let ways = Ways::from(&neighbours, 0);
        assert_eq!(ways.nodes(3), [0, 1, 3]);
        assert_eq!(ways.to(3), Some(Step { delay: ms(4), links: 2, from: 1 }));
        assert_eq!(ways.nodes(0), [0]);
        assert_eq!((ways.to(4), ways.nodes(4)), (None, Vec::new()));
    }
}
