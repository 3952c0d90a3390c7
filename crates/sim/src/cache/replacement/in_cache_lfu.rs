//! The content used least often while it was in the cache goes first, the newcomer included.
//!
//! A content counts one when it comes and one for each hit; what leaves is forgotten. Among
//! equals the one that came first goes. A newcomer is the last to have come, so it is refused
//! only where every other was used again (Icarus has it so).

use crate::cache::replacement::bank::{Bank, Content, Put, Size};
use crate::cache::replacement::heap::Heaps;
use crate::cache::replacement::index::Index;

/// Least frequently used, counted within the cache.
#[derive(Debug, Clone)]
pub struct InCacheLfu {
    index: Index,
    heaps: Heaps,
    /// Contents offered so far, for each cache.
    offered: Vec<u64>,
}

impl InCacheLfu {
    /// Empty caches.
    pub fn new(size: Size) -> Self {
        Self { index: Index::new(size), heaps: Heaps::new(size), offered: vec![0; size.caches] }
    }
}

impl Bank for InCacheLfu {
    #[inline]
    fn look(&mut self, cache: usize, content: Content) -> bool {
        let Some(slot) = self.index.find(cache, content) else {
            return false;
        };
        let (count, since) = self.heaps.key(cache, slot);
        self.heaps.raise(cache, slot, (count + 1, since));
        true
    }

    #[inline]
    fn touch(&self, cache: usize, content: Content) -> u32 {
        self.index.find(cache, content).unwrap_or(0)
    }

    #[inline]
    fn put(&mut self, cache: usize, content: Content) -> Put {
        debug_assert!(self.index.find(cache, content).is_none(), "it was looked for");
        self.offered[cache] += 1;
        let key = (1, self.offered[cache]);
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
