//! Any content may go, each with the same chance.

use crate::cache::replacement::bank::{Bank, Content, Put, Size};
use crate::cache::replacement::index::Index;
use crate::cache::splitmix::SplitMix64;

/// Random replacement.
#[derive(Debug, Clone)]
pub struct Rand {
    index: Index,
    slots: usize,
    contents: Vec<Content>,
    used: Vec<u32>,
    generator: SplitMix64,
}

impl Rand {
    /// Empty caches, with the chance that chooses victims.
    pub fn new(size: Size, generator: SplitMix64) -> Self {
        Self {
            index: Index::new(size),
            slots: size.slots,
            contents: vec![0; size.total()],
            used: vec![0; size.caches],
            generator,
        }
    }
}

impl Bank for Rand {
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
        let used = &mut self.used[cache];
        let slot = if *used as usize == self.slots {
            self.generator.below(self.slots as u64) as u32
        } else {
            *used += 1;
            *used - 1
        };
        let place = &mut self.contents[cache * self.slots + slot as usize];
        let victim = std::mem::replace(place, content);
        if victim != 0 {
            self.index.remove(cache, victim, slot);
        }
        self.index.insert(cache, content, slot);
        if victim == 0 { Put::Kept } else { Put::Replaced(victim) }
    }
}
