//! Where in its cache is a content? A table per cache, side by side.
//!
//! Small caches are looked through at once, which the processor does faster than it computes
//! where to look. Larger ones have open addressing: tables are at most half full, so a search
//! ends after one or two places, and what is taken out is closed up at once, so that no marks
//! slow later searches.

use crate::cache::replacement::bank::{Content, Size};

/// Caches of up to so many slots are looked through.
const LANES: usize = 16;

/// The tables of a bank.
#[derive(Debug, Clone)]
pub struct Index {
    /// The content of each slot, where caches are small.
    lanes: Vec<[Content; LANES]>,
    /// Where contents are, where they are not.
    places: Vec<Place>,
    bits: u32,
}

#[derive(Debug, Clone, Copy, Default)]
struct Place {
    content: Content,
    slot: u32,
}

impl Index {
    /// Empty tables for caches of that size. Slots are counted from 0.
    pub fn new(size: Size) -> Self {
        if size.slots <= LANES {
            return Self { lanes: vec![[0; LANES]; size.caches], places: Vec::new(), bits: 0 };
        }
        let bits = (2 * size.slots).next_power_of_two().trailing_zeros();
        let places = vec![Place::default(); size.caches << bits];
        Self { lanes: Vec::new(), places, bits }
    }

    /// The slot of a content in a cache.
    #[inline]
    pub fn find(&self, cache: usize, content: Content) -> Option<u32> {
        if self.bits == 0 {
            // A byte for each slot: what the processor compares at once.
            let mut same = [0u8; LANES];
            for (same, &other) in same.iter_mut().zip(&self.lanes[cache]) {
                *same = u8::from(other == content);
            }
            let same = u128::from_le_bytes(same);
            return (same != 0).then(|| same.trailing_zeros() / u8::BITS);
        }
        let table = self.table(cache);
        let mask = table.len() - 1;
        let mut at = home(content, self.bits);
        loop {
            let place = table[at & mask];
            if place.content == content {
                return Some(place.slot);
            }
            if place.content == 0 {
                return None;
            }
            at += 1;
        }
    }

    /// Notes the slot of a content that is not there. Asserts that there is room, which a
    /// rule makes first.
    #[inline]
    pub fn insert(&mut self, cache: usize, content: Content, slot: u32) {
        if self.bits == 0 {
            self.lanes[cache][slot as usize] = content;
            return;
        }
        let bits = self.bits;
        let table = self.table_mut(cache);
        let mask = table.len() - 1;
        let first = home(content, bits);
        for step in 0..=mask {
            let place = &mut table[(first + step) & mask];
            if place.content == 0 {
                *place = Place { content, slot };
                return;
            }
        }
        panic!("a table has twice as many places as its cache has slots");
    }

    /// Forgets a content that is there, in that slot.
    #[inline]
    pub fn remove(&mut self, cache: usize, content: Content, slot: u32) {
        if self.bits == 0 {
            let lane = &mut self.lanes[cache][slot as usize];
            assert!(*lane == content, "only what is there is taken out");
            *lane = 0;
            return;
        }
        let bits = self.bits;
        let table = self.table_mut(cache);
        let mask = table.len() - 1;
        let mut hole = home(content, bits) & mask;
        while table[hole].content != content {
            assert!(table[hole].content != 0, "only what is there is taken out");
            hole = (hole + 1) & mask;
        }
        // Whatever follows and may stand in the hole moves there.
        let mut at = (hole + 1) & mask;
        while table[at].content != 0 {
            let from_home = at.wrapping_sub(home(table[at].content, bits)) & mask;
            let from_hole = at.wrapping_sub(hole) & mask;
            if from_home >= from_hole {
                table[hole] = table[at];
                hole = at;
            }
            at = (at + 1) & mask;
        }
        table[hole] = Place::default();
    }

    #[inline]
    fn table(&self, cache: usize) -> &[Place] {
        &self.places[cache << self.bits..][..1 << self.bits]
    }

    #[inline]
    fn table_mut(&mut self, cache: usize) -> &mut [Place] {
        &mut self.places[cache << self.bits..][..1 << self.bits]
    }
}

/// Where a content would stand in an empty table of `2^bits` places (Fibonacci hashing,
/// Knuth, "The Art of Computer Programming", volume 3, section 6.4).
#[inline]
fn home(content: Content, bits: u32) -> usize {
    (content.wrapping_mul(0x9E37_79B1) >> (u32::BITS - bits)) as usize
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::cache::splitmix::SplitMix64;

    #[test]
    fn an_index_is_a_map() {
        for slots in [1, 2, 5, 10, 16, 17, 40, 100] {
            let size = Size { caches: 3, slots };
            let mut index = Index::new(size);
            let mut caches = vec![(BTreeMap::new(), (0..slots as u32).collect::<Vec<_>>()); 3];
            let mut generator = SplitMix64::new(slots as u64);
            for _ in 0..20_000 {
                let cache = generator.below(3) as usize;
                let content = generator.below(3 * slots as u64) as u32 + 1;
                let (map, free) = &mut caches[cache];
                assert_eq!(index.find(cache, content), map.get(&content).copied());
                if let Some(slot) = map.remove(&content) {
                    index.remove(cache, content, slot);
                    free.push(slot);
                } else if let Some(slot) = free.pop() {
                    index.insert(cache, content, slot);
                    map.insert(content, slot);
                }
            }
        }
    }
}
