//! A hand goes round from the oldest content and spares, once, what was used since.
//!
//! Zhang, Yang, Yue, Vigfusson and Rashmi, "SIEVE is Simpler than LRU" (NSDI 2024).

use crate::cache::replacement::bank::{Bank, Content, Put, Size};
use crate::cache::replacement::chain::Chains;
use crate::cache::replacement::index::Index;

/// No slot.
const NONE: u32 = u32::MAX;

/// SIEVE.
#[derive(Debug, Clone)]
pub struct Sieve {
    index: Index,
    chains: Chains,
    slots: usize,
    visited: Vec<bool>,
    /// Where each cache's hand goes on.
    hand: Vec<u32>,
}

impl Sieve {
    /// Empty caches.
    pub fn new(size: Size) -> Self {
        Self {
            index: Index::new(size),
            chains: Chains::new(size),
            slots: size.slots,
            visited: vec![false; size.total()],
            hand: vec![NONE; size.caches],
        }
    }

    /// Takes the victim out and gives its slot and content.
    fn evict(&mut self, cache: usize) -> (u32, Content) {
        let oldest = self.chains.oldest(cache).expect("a full cache has an oldest slot");
        let mut slot = if self.hand[cache] == NONE { oldest } else { self.hand[cache] };
        while std::mem::take(&mut self.visited[cache * self.slots + slot as usize]) {
            slot = self.chains.newer(cache, slot).unwrap_or(oldest);
        }
        self.hand[cache] = self.chains.newer(cache, slot).unwrap_or(NONE);
        let victim = self.chains.content(cache, slot);
        self.chains.detach(cache, slot);
        self.index.remove(cache, victim, slot);
        (slot, victim)
    }
}

impl Bank for Sieve {
    #[inline]
    fn look(&mut self, cache: usize, content: Content) -> bool {
        let Some(slot) = self.index.find(cache, content) else {
            return false;
        };
        self.visited[cache * self.slots + slot as usize] = true;
        true
    }

    #[inline]
    fn touch(&self, cache: usize, content: Content) -> u32 {
        self.index.find(cache, content).unwrap_or(0)
    }

    #[inline]
    fn put(&mut self, cache: usize, content: Content) -> Put {
        debug_assert!(self.index.find(cache, content).is_none(), "it was looked for");
        let (slot, put) = match self.chains.fresh(cache) {
            Some(slot) => (slot, Put::Kept),
            None => {
                let (slot, victim) = self.evict(cache);
                (slot, Put::Replaced(victim))
            }
        };
        self.chains.append(cache, slot, content);
        self.index.insert(cache, content, slot);
        put
    }
}
