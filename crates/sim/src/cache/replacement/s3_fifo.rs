//! Newcomers pass a small queue; who is used there comes into the main one.
//!
//! Yang, Zhang, Qiu, Yue and Vinayak, "FIFO Queues are All You Need for Cache Eviction"
//! (SOSP 2023), algorithm 1: a tenth of the slots for newcomers, uses counted up to three,
//! into the main queue after more than one use or if the ghost queue remembers the content,
//! and the ghost queue as long as the main one.

use std::collections::VecDeque;

use crate::cache::replacement::bank::{Bank, Content, Put, Size};
use crate::cache::replacement::index::Index;

/// Uses are counted up to this.
const USES_MAX: u8 = 3;

/// S3-FIFO.
#[derive(Debug, Clone)]
pub struct S3Fifo {
    /// Contents in the caches, with their slots.
    index: Index,
    /// Contents that left a small queue of late.
    ghosts: Index,
    slots: usize,
    uses: Vec<u8>,
    caches: Vec<Cache>,
}

#[derive(Debug, Clone)]
struct Cache {
    small: VecDeque<(Content, u32)>,
    main: VecDeque<(Content, u32)>,
    /// Who left, with the number of the departure.
    ghost: VecDeque<(Content, u32)>,
    departures: u32,
    used: u32,
}

impl S3Fifo {
    /// Empty caches.
    pub fn new(size: Size) -> Self {
        let ghosts = size.slots - small(size.slots);
        let cache = Cache {
            small: VecDeque::new(),
            main: VecDeque::new(),
            ghost: VecDeque::with_capacity(ghosts),
            departures: 0,
            used: 0,
        };
        Self {
            index: Index::new(size),
            ghosts: Index::new(Size { slots: ghosts.max(1), ..size }),
            slots: size.slots,
            uses: vec![0; size.total()],
            caches: vec![cache; size.caches],
        }
    }

    /// Makes one slot free and tells what left it.
    fn evict(&mut self, cache: usize) -> (u32, Content) {
        loop {
            let queues = &mut self.caches[cache];
            let from_small = queues.small.len() >= small(self.slots) || queues.main.is_empty();
            let queue = if from_small { &mut queues.small } else { &mut queues.main };
            let (content, slot) = queue.pop_front().expect("a full cache has contents");
            let uses = &mut self.uses[cache * self.slots + slot as usize];
            match (from_small, *uses) {
                (true, 0..=1) => {
                    self.remember(cache, content);
                    self.index.remove(cache, content);
                    return (slot, content);
                }
                (true, _) => {
                    *uses = 0;
                    queues.main.push_back((content, slot));
                }
                (false, 0) => {
                    self.index.remove(cache, content);
                    return (slot, content);
                }
                (false, _) => {
                    *uses -= 1;
                    queues.main.push_back((content, slot));
                }
            }
        }
    }

    fn remember(&mut self, cache: usize, content: Content) {
        let bound = self.slots - small(self.slots);
        if bound == 0 {
            return;
        }
        let Cache { ghost, departures, .. } = &mut self.caches[cache];
        while ghost.len() >= bound {
            let (forgotten, departure) = ghost.pop_front().expect("it is as long as its bound");
            // Who came back meanwhile is out of the table, or in it for a later departure.
            if self.ghosts.find(cache, forgotten) == Some(departure) {
                self.ghosts.remove(cache, forgotten);
            }
        }
        *departures = departures.wrapping_add(1);
        ghost.push_back((content, *departures));
        self.ghosts.insert(cache, content, *departures);
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
    fn put(&mut self, cache: usize, content: Content) -> Put {
        if self.look(cache, content) {
            return Put::Kept;
        }
        let used = self.caches[cache].used;
        let (slot, put) = if (used as usize) < self.slots {
            self.caches[cache].used += 1;
            (used, Put::Kept)
        } else {
            let (slot, victim) = self.evict(cache);
            (slot, Put::Replaced(victim))
        };
        self.uses[cache * self.slots + slot as usize] = 0;
        let is_known = self.ghosts.find(cache, content).is_some();
        let queues = &mut self.caches[cache];
        if is_known {
            // Its place in the queue stays until it comes to its end there.
            self.ghosts.remove(cache, content);
            queues.main.push_back((content, slot));
        } else {
            queues.small.push_back((content, slot));
        }
        self.index.insert(cache, content, slot);
        put
    }
}
