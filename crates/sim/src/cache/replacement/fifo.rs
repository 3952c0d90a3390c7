//! The content that came first goes first, however often it was used.

use crate::cache::replacement::bank::{Bank, Content, Put, Size};
use crate::cache::replacement::index::Index;

/// First in, first out.
#[derive(Debug, Clone)]
pub struct Fifo {
    index: Index,
    slots: usize,
    contents: Vec<Content>,
    /// For each cache the slot of the next content: the oldest one, once all are used.
    next: Vec<u32>,
}

impl Fifo {
    /// Empty caches.
    pub fn new(size: Size) -> Self {
        Self {
            index: Index::new(size),
            slots: size.slots,
            contents: vec![0; size.total()],
            next: vec![0; size.caches],
        }
    }
}

impl Bank for Fifo {
    #[inline]
    fn look(&mut self, cache: usize, content: Content) -> bool {
        self.index.find(cache, content).is_some()
    }

    #[inline]
    fn touch(&self, cache: usize, content: Content) -> u32 {
        self.index.find(cache, content).unwrap_or(0)
    }

    #[inline]
    fn put(&mut self, cache: usize, content: Content) -> Put {
        debug_assert!(self.index.find(cache, content).is_none(), "it was looked for");
        let slot = self.next[cache];
        self.next[cache] = if slot as usize + 1 == self.slots { 0 } else { slot + 1 };
        let place = &mut self.contents[cache * self.slots + slot as usize];
        let victim = std::mem::replace(place, content);
        if victim != 0 {
            self.index.remove(cache, victim, slot);
        }
        self.index.insert(cache, content, slot);
        if victim == 0 { Put::Kept } else { Put::Replaced(victim) }
    }
}
