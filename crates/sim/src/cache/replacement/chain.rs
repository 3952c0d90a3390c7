//! Slots of caches in an order: chains with a newest and an oldest end, side by side.

use crate::cache::replacement::bank::{Content, Size};

/// No slot.
const NONE: u32 = u32::MAX;

/// A chain per cache.
#[derive(Debug, Clone)]
pub struct Chains {
    links: Vec<Link>,
    ends: Vec<Ends>,
    slots: usize,
}

#[derive(Debug, Clone, Copy)]
struct Link {
    content: Content,
    newer: u32,
    older: u32,
}

#[derive(Debug, Clone, Copy)]
struct Ends {
    newest: u32,
    oldest: u32,
    used: u32,
}

impl Chains {
    /// Empty chains.
    pub fn new(size: Size) -> Self {
        let link = Link { content: 0, newer: NONE, older: NONE };
        let ends = Ends { newest: NONE, oldest: NONE, used: 0 };
        Self { links: vec![link; size.total()], ends: vec![ends; size.caches], slots: size.slots }
    }

    /// A slot never used before, if the cache has one.
    #[inline]
    pub fn fresh(&mut self, cache: usize) -> Option<u32> {
        let ends = &mut self.ends[cache];
        if ends.used as usize == self.slots {
            return None;
        }
        ends.used += 1;
        Some(ends.used - 1)
    }

    /// The oldest slot, if there is any.
    #[inline]
    pub fn oldest(&self, cache: usize) -> Option<u32> {
        some(self.ends[cache].oldest)
    }

    /// The slot that came next after that one.
    #[inline]
    pub fn newer(&self, cache: usize, slot: u32) -> Option<u32> {
        some(self.links[cache * self.slots + slot as usize].newer)
    }

    /// The content in a slot.
    #[inline]
    pub fn content(&self, cache: usize, slot: u32) -> Content {
        self.links[cache * self.slots + slot as usize].content
    }

    /// Puts a slot that is in no chain at the newest end, with that content.
    #[inline]
    pub fn append(&mut self, cache: usize, slot: u32, content: Content) {
        let links = &mut self.links[cache * self.slots..][..self.slots];
        let ends = &mut self.ends[cache];
        links[slot as usize] = Link { content, newer: NONE, older: ends.newest };
        match some(ends.newest) {
            Some(newest) => links[newest as usize].newer = slot,
            None => ends.oldest = slot,
        }
        ends.newest = slot;
    }

    /// Takes a slot out of its chain.
    #[inline]
    pub fn detach(&mut self, cache: usize, slot: u32) {
        let links = &mut self.links[cache * self.slots..][..self.slots];
        let ends = &mut self.ends[cache];
        let Link { newer, older, .. } = links[slot as usize];
        match some(older) {
            Some(older) => links[older as usize].newer = newer,
            None => ends.oldest = newer,
        }
        match some(newer) {
            Some(newer) => links[newer as usize].older = older,
            None => ends.newest = older,
        }
    }

    /// Moves a slot to the newest end.
    #[inline]
    pub fn renew(&mut self, cache: usize, slot: u32) {
        if self.ends[cache].newest != slot {
            let content = self.content(cache, slot);
            self.detach(cache, slot);
            self.append(cache, slot, content);
        }
    }
}

fn some(slot: u32) -> Option<u32> {
    (slot != NONE).then_some(slot)
}
