//! Newcomers pass a small queue; who is used there comes into the main one.
//!
//! Yang, Zhang, Qiu, Yue and Vinayak, "FIFO Queues are All You Need for Cache Eviction"
//! (SOSP 2023), algorithm 1: a tenth of the slots for newcomers, uses counted up to three,
//! into the main queue after more than one use or if the ghost queue remembers the content,
//! and the ghost queue as long as the main one.

use crate::cache::replacement::bank::{Bank, Content, Put, Size};
use crate::cache::replacement::index::Index;
use crate::cache::replacement::queue::Queues;

/// Uses are counted up to this.
const USES_MAX: u8 = 3;

/// S3-FIFO.
#[derive(Debug, Clone)]
pub struct S3Fifo {
    slots: usize,
    index: Index,
    /// The content of each slot.
    contents: Vec<Content>,
    /// How often each was used.
    uses: Vec<u8>,
    /// Slots never used before begin here, in each cache.
    fresh: Vec<u32>,
    small: Queues,
    main: Queues,
    ghosts: Ghosts,
}

impl S3Fifo {
    /// Empty caches.
    pub fn new(size: Size) -> Self {
        Self {
            slots: size.slots,
            index: Index::new(size),
            contents: vec![0; size.total()],
            uses: vec![0; size.total()],
            fresh: vec![0; size.caches],
            small: Queues::new(size),
            main: Queues::new(size),
            ghosts: Ghosts::new(Size { slots: size.slots - small(size.slots), ..size }),
        }
    }

    /// Makes one slot free and tells what left it.
    fn evict(&mut self, cache: usize) -> (u32, Content) {
        loop {
            let from_small =
                self.small.len(cache) >= small(self.slots) || self.main.len(cache) == 0;
            let queue = if from_small { &mut self.small } else { &mut self.main };
            let slot = queue.pop(cache).expect("a full cache has contents");
            let uses = &mut self.uses[cache * self.slots + slot as usize];
            match (from_small, *uses) {
                (true, 2..) => {
                    *uses = 0;
                    self.main.push(cache, slot);
                }
                (false, 1..) => {
                    *uses -= 1;
                    self.main.push(cache, slot);
                }
                _ => {
                    let content = self.contents[cache * self.slots + slot as usize];
                    self.index.remove(cache, content, slot);
                    if from_small {
                        self.ghosts.remember(cache, content);
                    }
                    return (slot, content);
                }
            }
        }
    }
}

/// Slots for newcomers.
fn small(slots: usize) -> usize {
    (slots / 10).max(1)
}

impl Bank for S3Fifo {
    #[inline]
    fn look(&mut self, cache: usize, content: Content) -> bool {
        let Some(slot) = self.index.find(cache, content) else {
            return false;
        };
        let uses = &mut self.uses[cache * self.slots + slot as usize];
        *uses = (*uses + 1).min(USES_MAX);
        true
    }

    #[inline]
    fn touch(&self, cache: usize, content: Content) -> u32 {
        self.index.find(cache, content).unwrap_or(0)
    }

    #[inline]
    fn put(&mut self, cache: usize, content: Content) -> Put {
        debug_assert!(self.index.find(cache, content).is_none(), "it was looked for");
        let fresh = self.fresh[cache];
        let (slot, put) = if (fresh as usize) < self.slots {
            self.fresh[cache] += 1;
            (fresh, Put::Kept)
        } else {
            let (slot, victim) = self.evict(cache);
            (slot, Put::Replaced(victim))
        };
        self.contents[cache * self.slots + slot as usize] = content;
        self.uses[cache * self.slots + slot as usize] = 0;
        self.index.insert(cache, content, slot);
        let is_known = self.ghosts.recall(cache, content);
        let queue = if is_known { &mut self.main } else { &mut self.small };
        queue.push(cache, slot);
        put
    }
}

/// Contents that left the small queue of late, as many as the main queue has slots.
#[derive(Debug, Clone)]
struct Ghosts {
    slots: usize,
    index: Index,
    /// The content of each place, in the order in which they left; 0 where it came back.
    contents: Vec<Content>,
    /// The place of the oldest, in each cache.
    oldest: Vec<u32>,
}

impl Ghosts {
    fn new(size: Size) -> Self {
        Self {
            slots: size.slots,
            index: Index::new(size),
            contents: vec![0; size.total()],
            oldest: vec![0; size.caches],
        }
    }

    fn remember(&mut self, cache: usize, content: Content) {
        if self.slots == 0 {
            return;
        }
        let place = self.oldest[cache];
        self.oldest[cache] = if place as usize + 1 == self.slots { 0 } else { place + 1 };
        let at = cache * self.slots + place as usize;
        let forgotten = std::mem::replace(&mut self.contents[at], content);
        if forgotten != 0 {
            self.index.remove(cache, forgotten, place);
        }
        self.index.insert(cache, content, place);
    }

    /// Whether the content left of late; it is back now.
    #[inline]
    fn recall(&mut self, cache: usize, content: Content) -> bool {
        let Some(place) = self.index.find(cache, content) else {
            return false;
        };
        self.contents[cache * self.slots + place as usize] = 0;
        self.index.remove(cache, content, place);
        true
    }
}
