//! Numbers in few bins: trees ask only "at most this edge?", and 64 edges ask it well enough.

use serde::{Deserialize, Serialize};

use crate::bands::quantile_of_sorted;

/// Bins of a column, at most.
pub const BINS: usize = 64;

/// The edges of all columns. A number is in the bin of the first edge that is not below it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bins {
    /// Per column, rising; the last bin has no edge.
    edges: Vec<Vec<f32>>,
}

/// Rows of binned columns, one after the other.
#[derive(Debug)]
pub struct Binned {
    /// Columns of a row.
    pub width: usize,
    /// The bins, row by row.
    pub bins: Vec<u8>,
}

impl Bins {
    /// Edges so that each bin holds about as many of the given rows.
    pub fn of(rows: &[f32], width: usize) -> Self {
        let column = |column: usize| {
            let mut values: Vec<f32> = rows.iter().skip(column).step_by(width).copied().collect();
            values.sort_unstable_by(f32::total_cmp);
            edges(&values)
        };
        Self { edges: (0..width).map(column).collect() }
    }

    /// The columns.
    pub fn width(&self) -> usize {
        self.edges.len()
    }

    /// The number up to which a row goes left when it is asked for this bin.
    pub fn edge(&self, column: usize, bin: u8) -> f32 {
        self.edges[column].get(usize::from(bin)).copied().unwrap_or(f32::INFINITY)
    }

    /// All rows in bins.
    pub fn bin<'r>(&self, rows: impl IntoIterator<Item = &'r f32>) -> Binned {
        let width = self.width();
        let bin = |(place, value): (usize, &f32)| {
            self.edges[place % width].partition_point(|edge| edge < value) as u8
        };
        Binned { width, bins: rows.into_iter().enumerate().map(bin).collect() }
    }
}

/// Few values: an edge between any two. Many: edges at equal shares.
fn edges(sorted: &[f32]) -> Vec<f32> {
    let mut distinct: Vec<f32> = sorted.to_vec();
    distinct.dedup();
    if distinct.len() <= BINS {
        return distinct.windows(2).map(|pair| pair[0] + (pair[1] - pair[0]) / 2.0).collect();
    }
    let share = |edge: usize| quantile_of_sorted(sorted, edge as f32 / BINS as f32);
    let mut edges: Vec<f32> = (1..BINS).map(share).collect();
    edges.dedup();
    edges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bin_holds_what_is_not_above_its_edge() {
        let rows: Vec<f32> = (0..1000).flat_map(|row| [row as f32, (row % 3) as f32]).collect();
        let bins = Bins::of(&rows, 2);
        let binned = bins.bin(&rows);
        for (row, bin) in binned.bins.chunks(2).enumerate() {
            assert!(row as f32 <= bins.edge(0, bin[0]) && usize::from(bin[0]) < BINS, "row {row}");
            assert!(bin[0] == 0 || row as f32 > bins.edge(0, bin[0] - 1), "row {row}");
            assert_eq!(usize::from(bin[1]), row % 3);
        }
        assert_eq!(Bins::of(&[4.0; 9], 1).bin(&[4.0]).bins, [0]);
    }
}
