//! Trees that are asked about many rows at once.
//!
//! A walk down a tree waits at every question for the one before. Here all questions of a tree
//! are asked, in any order: each leaf has a bit, a row that a question sends right loses the
//! bits of the leaves on its left, and the lowest bit that is left is the leaf it comes to
//! (QuickScorer: Lucchese and others, 2015). What the steps ahead of a function have in common
//! is asked once, of several functions at a time, so that a tree is fetched once for all of them;
//! the rest of all steps side by side. The values are those of a walk, added up in the same order.

use swell_wide::work::{Work, widely};

use crate::boost::tree::Tree;

/// Rows of a block: an hour of 5-minute steps.
pub const LANES: usize = 12;
/// Blocks that are asked about at a time.
const BLOCKS: usize = 8;
/// Leaves that have a bit.
const LEAVES: usize = 32;

/// A block of rows, column by column, of those columns in which they differ.
pub type Block<const OWN: usize> = [[f32; LANES]; OWN];

/// The trees of a booster; of its columns, the first `shared` ones are common to the rows of a
/// block.
#[derive(Debug, Clone, PartialEq)]
pub struct Forest {
    start: f32,
    shared: usize,
    trees: Vec<Asked>,
}

#[derive(Debug, Clone, PartialEq)]
enum Asked {
    Masked(Box<Masked>),
    /// A tree that is too large for the bits, or no tree at all.
    Walked(Tree),
}

/// A tree as questions about common and own columns.
#[derive(Debug, Clone, PartialEq)]
struct Masked {
    shared: Vec<Question>,
    own: Vec<Question>,
    leaves: [f32; LEAVES],
}

/// A row with more than `edge` in the column keeps only some leaves.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Question {
    column: u32,
    edge: f32,
    kept: u32,
}

impl Forest {
    /// Trees that are sound for rows of the width they will be asked about, and what comes out
    /// before any of them adds to it.
    pub fn of(start: f32, trees: &[Tree], shared: usize) -> Self {
        let asked = |tree: &Tree| match Masked::of(tree, shared) {
            Some(masked) => Asked::Masked(Box::new(masked)),
            None => Asked::Walked(tree.clone()),
        };
        let trees = trees.iter().map(asked).collect();
        Self { start, shared, trees }
    }

    /// What comes out for each row of some blocks, each of them with what its rows have in common.
    pub fn values<const OWN: usize>(&self, asked: &[(&[f32], &Block<OWN>)]) -> Vec<[f32; LANES]> {
        // As a sum of nothing begins.
        let mut sums = vec![[-0.0f32; LANES]; asked.len()];
        widely(Asking { forest: self, asked, sums: &mut sums });
        sums.iter_mut().flatten().for_each(|sum| *sum += self.start);
        sums
    }
}

/// All trees, asked about all blocks.
struct Asking<'a, const OWN: usize> {
    forest: &'a Forest,
    asked: &'a [(&'a [f32], &'a Block<OWN>)],
    sums: &'a mut [[f32; LANES]],
}

impl<const OWN: usize> Work for Asking<'_, OWN> {
    type Out = ();

    #[inline(always)]
    fn run<const WIDE: bool>(self) {
        let shared = self.forest.shared;
        let mut common = vec![[0.0f32; BLOCKS]; shared];
        for (asked, sums) in self.asked.chunks(BLOCKS).zip(self.sums.chunks_mut(BLOCKS)) {
            for (place, (row, _)) in asked.iter().enumerate() {
                let columns = common.iter_mut().zip(*row);
                columns.for_each(|(column, value)| column[place] = *value);
            }
            for tree in &self.forest.trees {
                match tree {
                    Asked::Masked(tree) => tree.add(&common, asked, sums),
                    Asked::Walked(tree) => {
                        let each = asked.iter().zip(sums.iter_mut());
                        each.for_each(|((row, block), sums)| {
                            walk(tree, &row[..shared], block, sums);
                        });
                    }
                }
            }
        }
    }
}

impl Masked {
    fn of(tree: &Tree, shared: usize) -> Option<Self> {
        if tree.nodes.len() >= LEAVES {
            return None;
        }
        let mut masked = Self { shared: Vec::new(), own: Vec::new(), leaves: [0.0; LEAVES] };
        let root = if tree.nodes.is_empty() { !0 } else { 0 };
        masked.take(tree, root, 0, shared)?;
        Some(masked)
    }

    /// Takes in what lies below a place, its leaves from `first` on; tells the next leaf's
    /// number, or that there are too many.
    fn take(&mut self, tree: &Tree, place: i32, first: usize, shared: usize) -> Option<usize> {
        if place < 0 {
            *self.leaves.get_mut(first)? = tree.leaves[!place as usize];
            return Some(first + 1);
        }
        let node = tree.nodes[place as usize];
        if !node.edge.is_finite() {
            return None;
        }
        let right = self.take(tree, node.left, first, shared)?;
        let bits = |end: usize| u32::MAX.checked_shl(end as u32).unwrap_or(0);
        let kept = !(bits(first) & !bits(right));
        let column = u32::from(node.column);
        let question = Question { column, edge: node.edge, kept };
        if usize::from(node.column) < shared {
            self.shared.push(question);
        } else {
            self.own.push(Question { column: column - shared as u32, ..question });
        }
        self.take(tree, node.right, right, shared)
    }

    /// The leaves that are left by what is common to the rows of each block.
    #[inline(always)]
    fn kept(&self, common: &[[f32; BLOCKS]]) -> [u32; BLOCKS] {
        let mut kept = [u32::MAX; BLOCKS];
        for question in &self.shared {
            let column = &common[question.column as usize];
            for (kept, value) in kept.iter_mut().zip(column) {
                // The sign of a difference is no branch: a question worth asking is one that
                // nobody can predict.
                let beyond = (question.edge - value).to_bits();
                *kept &= question.kept | !(beyond.cast_signed() >> 31).cast_unsigned();
            }
        }
        kept
    }

    #[inline(always)]
    fn add<const OWN: usize>(
        &self,
        common: &[[f32; BLOCKS]],
        asked: &[(&[f32], &Block<OWN>)],
        sums: &mut [[f32; LANES]],
    ) {
        let each = self.kept(common).into_iter().zip(asked).zip(sums);
        for ((kept, (_, block)), sums) in each {
            let mut lanes = [kept; LANES];
            for question in &self.own {
                let column = &block[question.column as usize];
                let left: [u32; LANES] = std::array::from_fn(|lane| {
                    u32::from(column[lane] <= question.edge).wrapping_neg()
                });
                for lane in 0..LANES {
                    lanes[lane] &= question.kept | left[lane];
                }
            }
            for (sum, kept) in sums.iter_mut().zip(lanes) {
                *sum += self.leaves[kept.trailing_zeros() as usize % LEAVES];
            }
        }
    }
}

fn walk<const OWN: usize>(
    tree: &Tree,
    common: &[f32],
    block: &Block<OWN>,
    sums: &mut [f32; LANES],
) {
    let mut row = common.to_vec();
    row.resize(common.len() + OWN, 0.0);
    for (lane, sum) in sums.iter_mut().enumerate() {
        let own = row[common.len()..].iter_mut();
        own.zip(block).for_each(|(value, column)| *value = column[lane]);
        *sum += tree.value(&row);
    }
}

#[cfg(test)]
mod tests {
    use swell_core::rng::{Rng, below, split, unit};

    use super::*;
    use crate::boost::tree::Node;

    const SHARED: usize = 3;
    const OWN: usize = 4;

    /// A tree of some shape by chance.
    fn tree(rng: &mut Rng, leaves: usize) -> Tree {
        let mut tree = Tree::default();
        let mut open = vec![None];
        while open.len() < leaves {
            let place = below(rng, open.len() as u64) as usize;
            let parent = open.swap_remove(place);
            let node = tree.nodes.len();
            lead(&mut tree, parent, place_of(node));
            let column = below(rng, (SHARED + OWN) as u64) as u16;
            tree.nodes.push(Node { column, edge: unit(rng) as f32, left: 0, right: 0 });
            open.extend([Some((node, true)), Some((node, false))]);
        }
        for (number, parent) in open.into_iter().enumerate() {
            lead(&mut tree, parent, !place_of(number));
            tree.leaves.push(unit(rng) as f32 - 0.5);
        }
        tree
    }

    fn place_of(number: usize) -> i32 {
        i32::try_from(number).expect("trees are small")
    }

    fn lead(tree: &mut Tree, parent: Option<(usize, bool)>, to: i32) {
        match parent {
            Some((node, true)) => tree.nodes[node].left = to,
            Some((node, false)) => tree.nodes[node].right = to,
            None => {}
        }
    }

    #[test]
    fn many_rows_are_told_what_each_is_told_alone() {
        let mut rng = split(11, "forest");
        for leaves in [1, 2, 3, 17, 31, 32, 33, 90] {
            let trees: Vec<Tree> = (0..20).map(|_| tree(&mut rng, leaves)).collect();
            assert!(trees.iter().all(|tree| tree.is_sound(SHARED + OWN)));
            let forest = Forest::of(0.25, &trees, SHARED);
            let mut rows: Vec<([f32; SHARED], Block<OWN>)> = Vec::new();
            for _ in 0..53 {
                let common = std::array::from_fn(|_| unit(&mut rng) as f32);
                let block = std::array::from_fn(|_| std::array::from_fn(|_| unit(&mut rng) as f32));
                rows.push((common, block));
            }
            let asked: Vec<(&[f32], &Block<OWN>)> =
                rows.iter().map(|(common, block)| (&common[..], block)).collect();
            for ((common, block), values) in rows.iter().zip(forest.values(&asked)) {
                for (lane, value) in values.into_iter().enumerate() {
                    let own = block.iter().map(|column| column[lane]);
                    let row: Vec<f32> = common.iter().copied().chain(own).collect();
                    let alone = 0.25 + trees.iter().map(|tree| tree.value(&row)).sum::<f32>();
                    assert_eq!(value, alone, "{leaves} leaves, row {lane}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_tree_is_walked() {
        // Both ways lead to the same question, again and again: few nodes, endless leaves.
        let node = |next: i32| Node { column: 0, edge: 0.5, left: next, right: next };
        let mut nodes: Vec<Node> = (1..60).map(node).collect();
        nodes.push(node(!0));
        let tree = Tree { nodes, leaves: vec![3.0] };
        assert!(tree.is_sound(SHARED + OWN));
        let forest = Forest::of(0.0, &[tree], SHARED);
        let values = forest.values(&[(&[0.0; SHARED][..], &[[0.0; LANES]; OWN])]);
        assert_eq!(values, [[3.0; LANES]]);
    }
}
