//! How a tree grows: the leaf that gains most is split next, until there are enough leaves.
//!
//! Each leaf keeps a histogram of its rows: for every column and bin the sum of slopes and of
//! weights. Of two new leaves only the smaller one is counted; the other's histogram is what
//! is left of their parent's.

use crate::boost::bins::{BINS, Binned, Bins};
use crate::boost::tree::{Node, Tree};

/// How large a tree becomes.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Leaves, at most.
    pub leaves: usize,
    /// Rows of a leaf, at least.
    pub rows: usize,
    /// Added to the weight of a leaf before its gain is computed.
    pub calm: f32,
}

struct Leaf {
    rows: Vec<u32>,
    sums: Vec<[f32; 2]>,
    best: Option<Split>,
    /// The node, and side of it, that leads here.
    parent: Option<(usize, bool)>,
}

#[derive(Clone, Copy)]
struct Split {
    gain: f32,
    column: usize,
    bin: u8,
}

/// A tree over `rows` that asks only `columns`, and the rows of each of its leaves. The values
/// of the leaves are left to whoever knows the loss.
pub fn grow(
    bins: &Bins,
    binned: &Binned,
    slopes: &[[f32; 2]],
    rows: Vec<u32>,
    columns: &[usize],
    shape: Shape,
) -> (Tree, Vec<Vec<u32>>) {
    let sums = count(binned, slopes, &rows, columns);
    let best = best(&sums, rows.len(), columns, shape);
    let mut leaves = vec![Leaf { rows, sums, best, parent: None }];
    let mut tree = Tree::default();
    while leaves.len() < shape.leaves {
        let gain = |leaf: &Leaf| leaf.best.map_or(0.0, |best| best.gain);
        let widest = (0..leaves.len())
            .reduce(|a, b| if gain(&leaves[b]) > gain(&leaves[a]) { b } else { a });
        let Some((place, split)) = widest.and_then(|p| leaves[p].best.map(|best| (p, best))) else {
            break;
        };
        let is_left =
            |&row: &u32| binned.bins[row as usize * binned.width + split.column] <= split.bin;
        let (left, right): (Vec<u32>, Vec<u32>) =
            leaves[place].rows.iter().partition(|row| is_left(row));
        if left.len() < shape.rows || right.len() < shape.rows {
            leaves[place].best = None;
            continue;
        }
        let node = tree.nodes.len();
        let edge = bins.edge(split.column, split.bin);
        tree.nodes.push(Node { column: split.column as u16, edge, left: 0, right: 0 });
        let parent = std::mem::replace(
            &mut leaves[place],
            Leaf { rows: left, sums: Vec::new(), best: None, parent: Some((node, true)) },
        );
        if let Some((above, is_left)) = parent.parent {
            *side(&mut tree.nodes[above], is_left) = place_of(node);
        }
        leaves.push(Leaf {
            rows: right,
            sums: Vec::new(),
            best: None,
            parent: Some((node, false)),
        });
        let last = leaves.len() - 1;
        let (small, large) = if leaves[place].rows.len() < leaves[last].rows.len() {
            (place, last)
        } else {
            (last, place)
        };
        let counted = count(binned, slopes, &leaves[small].rows, columns);
        let mut rest = parent.sums;
        for (rest, counted) in rest.iter_mut().zip(&counted) {
            rest[0] -= counted[0];
            rest[1] -= counted[1];
        }
        (leaves[small].sums, leaves[large].sums) = (counted, rest);
        for place in [place, last] {
            let leaf = &leaves[place];
            leaves[place].best = self::best(&leaf.sums, leaf.rows.len(), columns, shape);
        }
    }
    for (number, leaf) in leaves.iter().enumerate() {
        if let Some((node, is_left)) = leaf.parent {
            *side(&mut tree.nodes[node], is_left) = !place_of(number);
        }
    }
    (tree, leaves.into_iter().map(|leaf| leaf.rows).collect())
}

/// A place as nodes name it; trees are far smaller than the numbers reach.
fn place_of(place: usize) -> i32 {
    i32::try_from(place).expect("a tree has few nodes")
}

fn side(node: &mut Node, is_left: bool) -> &mut i32 {
    if is_left { &mut node.left } else { &mut node.right }
}

/// Sums of slopes and weights, per chosen column and bin.
fn count(binned: &Binned, slopes: &[[f32; 2]], rows: &[u32], columns: &[usize]) -> Vec<[f32; 2]> {
    let mut sums = vec![[0.0f32; 2]; columns.len() * BINS];
    for &row in rows {
        let start = row as usize * binned.width;
        let bins = &binned.bins[start..start + binned.width];
        let [slope, weight] = slopes[row as usize];
        for (sums, &column) in sums.chunks_exact_mut(BINS).zip(columns) {
            let sum = &mut sums[usize::from(bins[column]) % BINS];
            sum[0] += slope;
            sum[1] += weight;
        }
    }
    sums
}

/// The split that gains most, if any gains.
fn best(sums: &[[f32; 2]], rows: usize, columns: &[usize], shape: Shape) -> Option<Split> {
    if rows < 2 * shape.rows {
        return None;
    }
    let mut best: Option<Split> = None;
    let score = |slope: f32, weight: f32| slope * slope / (weight + shape.calm);
    for (&column, sums) in columns.iter().zip(sums.chunks_exact(BINS)) {
        let total =
            sums.iter().fold([0.0f32; 2], |total, sum| [total[0] + sum[0], total[1] + sum[1]]);
        let whole = score(total[0], total[1]);
        let (mut slope, mut weight) = (0.0, 0.0);
        let least = total[1] * shape.rows as f32 / rows as f32 * 0.1;
        for (bin, sum) in sums.iter().enumerate().take(BINS - 1) {
            slope += sum[0];
            weight += sum[1];
            if sum[1] <= 0.0 || weight < least || total[1] - weight < least {
                continue;
            }
            let gain = score(slope, weight) + score(total[0] - slope, total[1] - weight) - whole;
            if gain > best.map_or(1e-6 * total[1], |best| best.gain) {
                best = Some(Split { gain, column, bin: bin as u8 });
            }
        }
    }
    best
}
