//! A priority queue of things named by small integers, whose keys can be changed.
//!
//! Each name is in it at most once, so it never outgrows the names, however often keys
//! change; changing a key that barely moves costs next to nothing. Reading in order does
//! not disturb it, which is what an offer that may come to nothing needs.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A name's place while it is not in the heap.
const ABSENT: u32 = u32::MAX;

/// A binary heap with the lowest key first, and an index from names to places.
#[derive(Debug)]
pub struct IndexedHeap<K> {
    entries: Vec<(K, u32)>,
    places: Vec<u32>,
}

impl<K> Default for IndexedHeap<K> {
    fn default() -> Self {
        Self { entries: Vec::new(), places: Vec::new() }
    }
}

impl<K: Ord + Copy> IndexedHeap<K> {
    /// Sets the key of `name`, replacing a former one.
    pub fn set(&mut self, name: u32, key: K) {
        let index = name as usize;
        if index >= self.places.len() {
            self.places.resize(index + 1, ABSENT);
        }
        match self.places[index] {
            ABSENT => {
                self.entries.push((key, name));
                self.rise(self.entries.len() - 1);
            }
            place => {
                let former = std::mem::replace(&mut self.entries[place as usize].0, key);
                if key < former {
                    self.rise(place as usize);
                } else {
                    self.sink(place as usize);
                }
            }
        }
    }

    /// Takes `name` out, if it is in, and returns its key.
    pub fn remove(&mut self, name: u32) -> Option<K> {
        let place = *self.places.get(name as usize)?;
        if place == ABSENT {
            return None;
        }
        self.places[name as usize] = ABSENT;
        let (key, _) = self.entries.swap_remove(place as usize);
        if (place as usize) < self.entries.len() {
            let moved = self.entries[place as usize].0;
            self.settle(place as usize);
            if moved < key {
                self.rise(place as usize);
            } else {
                self.sink(place as usize);
            }
        }
        Some(key)
    }

    /// The key of `name`, if it is in.
    pub fn key(&self, name: u32) -> Option<K> {
        let place = *self.places.get(name as usize)?;
        (place != ABSENT).then(|| self.entries[place as usize].0)
    }

    /// The lowest key and its name.
    pub fn first(&self) -> Option<(K, u32)> {
        self.entries.first().copied()
    }

    /// All names, in no particular order.
    pub fn names(&self) -> impl Iterator<Item = u32> + '_ {
        self.entries.iter().map(|entry| entry.1)
    }

    /// Keys and names, the lowest key first; each step costs the logarithm of the steps
    /// so far, whatever the size of the heap.
    pub fn ascending(&self) -> Ascending<'_, K> {
        let frontier = self.entries.first().map(|&entry| Reverse((entry, 0)));
        Ascending { entries: &self.entries, frontier: frontier.into_iter().collect() }
    }

    fn settle(&mut self, place: usize) {
        let name = self.entries[place].1;
        self.places[name as usize] = place as u32;
    }

    fn rise(&mut self, mut place: usize) {
        let entry = self.entries[place];
        while place > 0 {
            let parent = (place - 1) / 2;
            if self.entries[parent] <= entry {
                break;
            }
            self.entries[place] = self.entries[parent];
            self.settle(place);
            place = parent;
        }
        self.entries[place] = entry;
        self.settle(place);
    }

    fn sink(&mut self, mut place: usize) {
        let entry = self.entries[place];
        loop {
            let mut child = 2 * place + 1;
            if child >= self.entries.len() {
                break;
            }
            if child + 1 < self.entries.len() && self.entries[child + 1] < self.entries[child] {
                child += 1;
            }
            if entry <= self.entries[child] {
                break;
            }
            self.entries[place] = self.entries[child];
            self.settle(place);
            place = child;
        }
        self.entries[place] = entry;
        self.settle(place);
    }
}

/// Reads a heap in order. The frontier holds what can come next: entries whose parents
/// have been read, with their places.
pub struct Ascending<'a, K> {
    entries: &'a [(K, u32)],
    frontier: BinaryHeap<Reverse<((K, u32), usize)>>,
}

impl<K: Ord + Copy> Iterator for Ascending<'_, K> {
    type Item = (K, u32);

    fn next(&mut self) -> Option<(K, u32)> {
        let Reverse((entry, place)) = self.frontier.pop()?;
        for child in [2 * place + 1, 2 * place + 2] {
            if let Some(&below) = self.entries.get(child) {
                self.frontier.push(Reverse((below, child)));
            }
        }
        Some(entry)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn behaves_like_a_sorted_map(steps in prop::collection::vec((0u32..40, prop::option::of(0u64..1000)), 0..400)) {
            let mut heap = IndexedHeap::default();
            let mut model: BTreeMap<u32, u64> = BTreeMap::new();
            for (name, key) in steps {
                match key {
                    Some(key) => {
                        heap.set(name, key);
                        model.insert(name, key);
                    }
                    None => prop_assert_eq!(heap.remove(name), model.remove(&name)),
                }
                prop_assert_eq!(heap.key(name), model.get(&name).copied());
            }
            let mut expected: Vec<(u64, u32)> = model.iter().map(|(&name, &key)| (key, name)).collect();
            expected.sort_unstable();
            prop_assert_eq!(heap.first(), expected.first().copied());
            prop_assert_eq!(heap.ascending().collect::<Vec<_>>(), expected);
        }
    }
}
