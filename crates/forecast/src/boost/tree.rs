//! A tree: questions about columns, and a value for each way through them.

use serde::{Deserialize, Serialize};

/// A question, or the negative of a leaf's number less one, where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Which column is asked.
    pub column: u16,
    /// Rows with at most this go left.
    pub edge: f32,
    /// Where they go: a node, or `!leaf`.
    pub left: i32,
    /// Where the others go.
    pub right: i32,
}

/// A tree; without a node it is one leaf.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Tree {
    /// The questions, the first one first.
    pub nodes: Vec<Node>,
    /// The value of each leaf.
    pub leaves: Vec<f32>,
}

impl Tree {
    /// The value for a row.
    pub fn value(&self, row: &[f32]) -> f32 {
        let mut place = if self.nodes.is_empty() { !0 } else { 0 };
        while place >= 0 {
            let node = &self.nodes[place as usize];
            // Looked up, not branched on: a question worth asking is one nobody can predict.
            let ways = [node.right, node.left];
            place = ways[usize::from(row[usize::from(node.column)] <= node.edge)];
        }
        self.leaves[!place as usize]
    }

    /// Whether it can be walked: every way goes to a later node or a leaf that is there, and
    /// asks only for one of `width` columns.
    pub fn is_sound(&self, width: usize) -> bool {
        let leads = |from: usize, to: i32| match to {
            0.. => (to as usize) > from && (to as usize) < self.nodes.len(),
            _ => (!to as usize) < self.leaves.len(),
        };
        let is_sound = |(place, node): (usize, &Node)| {
            usize::from(node.column) < width && leads(place, node.left) && leads(place, node.right)
        };
        !self.leaves.is_empty()
            && self.leaves.iter().all(|leaf| leaf.is_finite())
            && self.nodes.iter().enumerate().all(is_sound)
    }
}
