//! The least of a cache's contents by a key that grows: binary heaps, side by side.
//!
//! Every slot knows its place in the heap, so a key can be raised where it stands.

use crate::cache::replacement::bank::{Content, Size};

/// What contents are ordered by: how often, then since when.
pub type Key = (u64, u64);

/// A heap per cache.
#[derive(Debug, Clone)]
pub struct Heaps {
    /// The heaps: slots, the least first.
    heap: Vec<u32>,
    /// Where in its heap each slot stands.
    place: Vec<u32>,
    keys: Vec<Key>,
    contents: Vec<Content>,
    used: Vec<u32>,
    slots: usize,
}

impl Heaps {
    /// Empty heaps.
    pub fn new(size: Size) -> Self {
        Self {
            heap: vec![0; size.total()],
            place: vec![0; size.total()],
            keys: vec![(0, 0); size.total()],
            contents: vec![0; size.total()],
            used: vec![0; size.caches],
            slots: size.slots,
        }
    }

    /// The least slot with its key, if the cache is full.
    #[inline]
    pub fn least_if_full(&self, cache: usize) -> Option<(u32, Key)> {
        if (self.used[cache] as usize) < self.slots {
            return None;
        }
        let slot = self.heap[cache * self.slots];
        Some((slot, self.keys[cache * self.slots + slot as usize]))
    }

    /// The key of a slot.
    #[inline]
    pub fn key(&self, cache: usize, slot: u32) -> Key {
        self.keys[cache * self.slots + slot as usize]
    }

    /// Puts a content into a slot never used before, and tells the slot. Asserts that there
    /// is one.
    #[inline]
    pub fn add(&mut self, cache: usize, content: Content, key: Key) -> u32 {
        let used = self.used[cache] as usize;
        assert!(used < self.slots, "a cache that is not full has a slot");
        let base = cache * self.slots;
        self.used[cache] += 1;
        self.heap[base + used] = used as u32;
        self.place[base + used] = used as u32;
        self.contents[base + used] = content;
        self.keys[base + used] = key;
        self.rise(base, used);
        used as u32
    }

    /// Puts a content with its key in the place of another, which is told.
    #[inline]
    pub fn replace(&mut self, cache: usize, slot: u32, content: Content, key: Key) -> Content {
        let base = cache * self.slots;
        self.keys[base + slot as usize] = key;
        let place = self.place[base + slot as usize] as usize;
        self.sink(base, place, self.used[cache] as usize);
        self.rise(base, self.place[base + slot as usize] as usize);
        std::mem::replace(&mut self.contents[base + slot as usize], content)
    }

    /// Raises the key of a slot.
    #[inline]
    pub fn raise(&mut self, cache: usize, slot: u32, key: Key) {
        let base = cache * self.slots;
        let old = std::mem::replace(&mut self.keys[base + slot as usize], key);
        assert!(old <= key, "keys only grow");
        let place = self.place[base + slot as usize] as usize;
        self.sink(base, place, self.used[cache] as usize);
    }

    fn rise(&mut self, base: usize, mut place: usize) {
        while place > 0 {
            let parent = (place - 1) / 2;
            if self.key_at(base, parent) <= self.key_at(base, place) {
                return;
            }
            self.swap(base, parent, place);
            place = parent;
        }
    }

    fn sink(&mut self, base: usize, mut place: usize, used: usize) {
        loop {
            let left = 2 * place + 1;
            if left >= used {
                return;
            }
            let right = left + 1;
            let is_right = right < used && self.key_at(base, right) < self.key_at(base, left);
            let child = if is_right { right } else { left };
            if self.key_at(base, place) <= self.key_at(base, child) {
                return;
            }
            self.swap(base, place, child);
            place = child;
        }
    }

    fn key_at(&self, base: usize, place: usize) -> Key {
        self.keys[base + self.heap[base + place] as usize]
    }

    fn swap(&mut self, base: usize, a: usize, b: usize) {
        self.heap.swap(base + a, base + b);
        self.place[base + self.heap[base + a] as usize] = a as u32;
        self.place[base + self.heap[base + b] as usize] = b as u32;
    }
}
