//! The content that was not used for longest goes first.

use crate::cache::replacement::bank::{Bank, Content, Put, Size};
use crate::cache::replacement::chain::Chains;
use crate::cache::replacement::index::Index;

/// Least recently used.
#[derive(Debug, Clone)]
pub struct Lru {
    index: Index,
    chains: Chains,
}

impl Lru {
    /// Empty caches.
    pub fn new(size: Size) -> Self {
        Self { index: Index::new(size), chains: Chains::new(size) }
    }
}

impl Bank for Lru {
    #[inline]
    fn look(&mut self, cache: usize, content: Content) -> bool {
        let Some(slot) = self.index.find(cache, content) else {
            return false;
        };
        self.chains.renew(cache, slot);
        true
    }

    #[inline]
    fn touch(&self, cache: usize, content: Content) -> u32 {
        let found = self.index.find(cache, content);
        found.map_or(0, |slot| self.chains.content(cache, slot))
    }

    #[inline]
    fn put(&mut self, cache: usize, content: Content) -> Put {
        debug_assert!(self.index.find(cache, content).is_none(), "it was looked for");
        let (slot, put) = match self.chains.fresh(cache) {
            Some(slot) => (slot, Put::Kept),
            None => {
                let slot = self.chains.oldest(cache).expect("a full cache has an oldest slot");
                let victim = self.chains.content(cache, slot);
                self.chains.detach(cache, slot);
                self.index.remove(cache, victim, slot);
                (slot, Put::Replaced(victim))
            }
        };
        self.chains.append(cache, slot, content);
        self.index.insert(cache, content, slot);
        put
    }
}
