//! Who in a group holds a copy? A row of bits per content, nearest members first.
//!
//! Rows are as wide as groups are large and lie packed, so that what is asked for often stays
//! near the processor.

use crate::cache::replacement::bank::Content;

/// The rows of all groups.
#[derive(Debug, Clone)]
pub struct Holders {
    /// Bits of a row: a power of two up to 64, or a multiple of 64.
    width: usize,
    bits: Vec<u64>,
    groups: Vec<Rows>,
}

/// The contents that a group asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first.
    pub first: Content,
    /// How many follow, with it.
    pub count: u32,
}

/// Where the rows of a group are.
#[derive(Debug, Clone, Copy)]
struct Rows {
    /// The number of the first row.
    start: usize,
    /// Its content.
    first: Content,
}

impl Holders {
    /// No copies. Rows have a bit for each of `members`, and none where nobody shares.
    pub fn new(members: usize, groups: &[Range]) -> Self {
        let width = match members {
            0 => 0,
            1..=64 => members.next_power_of_two(),
            _ => members.next_multiple_of(64),
        };
        let mut rows = 0;
        let mut of_group = Vec::with_capacity(groups.len());
        for range in groups {
            of_group.push(Rows { start: rows, first: range.first });
            rows += range.count as usize;
        }
        Self { width, bits: vec![0; (rows * width).div_ceil(64)], groups: of_group }
    }

    /// Words of a row.
    pub fn words(&self) -> usize {
        self.width.div_ceil(64)
    }

    /// A word of the row of a content in a group.
    #[inline]
    pub fn word(&self, group: usize, content: Content, word: usize) -> u64 {
        let at = self.at(group, content) + word * 64;
        let bits = self.bits[at / 64] >> (at % 64);
        if self.width < 64 { bits & ((1 << self.width) - 1) } else { bits }
    }

    /// Whether the member of that rank holds a copy.
    #[inline]
    pub fn holds(&self, group: usize, content: Content, rank: usize) -> bool {
        let at = self.at(group, content) + rank;
        self.bits[at / 64] >> (at % 64) & 1 == 1
    }

    /// The member of that rank holds a copy.
    #[inline]
    pub fn set(&mut self, group: usize, content: Content, rank: usize) {
        let at = self.at(group, content) + rank;
        self.bits[at / 64] |= 1 << (at % 64);
    }

    /// It does so no more.
    #[inline]
    pub fn clear(&mut self, group: usize, content: Content, rank: usize) {
        let at = self.at(group, content) + rank;
        self.bits[at / 64] &= !(1 << (at % 64));
    }

    #[inline]
    fn at(&self, group: usize, content: Content) -> usize {
        let Rows { start, first } = self.groups[group];
        (start + (content - first) as usize) * self.width
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_do_not_touch_each_other() {
        for members in [1, 2, 3, 9, 60, 64, 65, 104, 160] {
            let ranges = [Range { first: 1, count: 5 }, Range { first: 3, count: 4 }];
            let mut holders = Holders::new(members, &ranges);
            let all = [(0, 1), (0, 2), (0, 5), (1, 3), (1, 6)];
            let alone = |holders: &Holders, group: usize, content: Content, rank: usize| {
                all.iter().all(|&(of, other)| {
                    let holding = (0..members).filter(|&rank| holders.holds(of, other, rank));
                    let expected: Vec<usize> =
                        if (of, other) == (group, content) { vec![rank] } else { Vec::new() };
                    let word = |word| holders.word(of, other, word).count_ones() as usize;
                    let bits: usize = (0..holders.words()).map(word).sum();
                    bits == expected.len() && holding.eq(expected)
                })
            };
            for (group, content) in all {
                for rank in 0..members {
                    holders.set(group, content, rank);
                    assert!(alone(&holders, group, content, rank), "{members}: {group} {content}");
                    holders.clear(group, content, rank);
                }
            }
        }
    }
}
