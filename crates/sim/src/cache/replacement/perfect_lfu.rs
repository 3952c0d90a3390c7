//! The content asked for least often, ever, goes first, the newcomer included.
//!
//! Every content that a cache was asked for has a counter there, kept for good: one for each
//! look-up, hit or not, and one more when it is offered. Among equals the one asked for first
//! goes (Icarus has it so). Memory grows with the contents asked for.

use crate::cache::replacement::bank::{Bank, Content, Put, Size};
use crate::cache::replacement::heap::{Heaps, Key};
use crate::cache::replacement::index::Index;

/// Least frequently used, with a perfect memory.
#[derive(Debug, Clone)]
pub struct PerfectLfu {
    index: Index,
    heaps: Heaps,
    counters: Vec<Counters>,
}

impl PerfectLfu {
    /// Empty caches.
    pub fn new(size: Size) -> Self {
        Self {
            index: Index::new(size),
            heaps: Heaps::new(size),
            counters: vec![Counters::new(); size.caches],
        }
    }
}

impl Bank for PerfectLfu {
    #[inline]
    fn look(&mut self, cache: usize, content: Content) -> bool {
        let key = self.counters[cache].count(content, true);
        let Some(slot) = self.index.find(cache, content) else {
            return false;
        };
        self.heaps.raise(cache, slot, key);
        true
    }

    #[inline]
    fn touch(&self, cache: usize, content: Content) -> u32 {
        self.index.find(cache, content).unwrap_or(0)
    }

    #[inline]
    fn put(&mut self, cache: usize, content: Content) -> Put {
        debug_assert!(self.index.find(cache, content).is_none(), "it was looked for");
        let key = self.counters[cache].count(content, false);
        let Some((slot, least)) = self.heaps.least_if_full(cache) else {
            let slot = self.heaps.add(cache, content, key);
            self.index.insert(cache, content, slot);
            return Put::Kept;
        };
        if key < least {
            return Put::Refused;
        }
        let victim = self.heaps.replace(cache, slot, content, key);
        self.index.remove(cache, victim, slot);
        self.index.insert(cache, content, slot);
        Put::Replaced(victim)
    }
}

/// How often a cache was asked for each content, and since when: a table that doubles.
#[derive(Debug, Clone)]
struct Counters {
    table: Vec<Counter>,
    used: usize,
    looks: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Counter {
    content: Content,
    count: u64,
    first: u64,
}

impl Counters {
    fn new() -> Self {
        Self { table: vec![Counter::default(); 16], used: 0, looks: 0 }
    }

    /// Counts one more, by a look-up or by an offer, and tells the key.
    #[inline]
    fn count(&mut self, content: Content, is_look: bool) -> Key {
        self.looks += u64::from(is_look);
        let at = self.place(content);
        let counter = &mut self.table[at];
        if counter.content == content {
            counter.count += 1;
            return (counter.count, counter.first);
        }
        *counter = Counter { content, count: 1, first: self.looks };
        let key = (1, self.looks);
        self.used += 1;
        if self.used * 2 > self.table.len() {
            self.grow();
        }
        key
    }

    /// Where a content stands, or would.
    #[inline]
    fn place(&self, content: Content) -> usize {
        let mask = self.table.len() - 1;
        let hash = u64::from(content).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut at = (hash >> 32) as usize & mask;
        while self.table[at].content != content && self.table[at].content != 0 {
            at = (at + 1) & mask;
        }
        at
    }

    fn grow(&mut self) {
        let larger = vec![Counter::default(); self.table.len() * 2];
        for counter in std::mem::replace(&mut self.table, larger) {
            if counter.content != 0 {
                let at = self.place(counter.content);
                self.table[at] = counter;
            }
        }
    }
}
