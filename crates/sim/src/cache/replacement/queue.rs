//! Slots that wait in line: a ring per cache, side by side.

use crate::cache::replacement::bank::Size;

/// A queue per cache, with room for all slots of it.
#[derive(Debug, Clone)]
pub struct Queues {
    slots: usize,
    rings: Vec<u32>,
    ends: Vec<Ends>,
}

#[derive(Debug, Clone, Copy)]
struct Ends {
    first: u32,
    count: u32,
}

impl Queues {
    /// Empty queues.
    pub fn new(size: Size) -> Self {
        let ends = vec![Ends { first: 0, count: 0 }; size.caches];
        Self { slots: size.slots, rings: vec![0; size.total()], ends }
    }

    /// How many wait.
    #[inline]
    pub fn len(&self, cache: usize) -> usize {
        self.ends[cache].count as usize
    }

    /// Puts a slot at the end. Asserts that there is room, as each slot is in one place.
    #[inline]
    pub fn push(&mut self, cache: usize, slot: u32) {
        let ends = &mut self.ends[cache];
        assert!((ends.count as usize) < self.slots, "each slot waits once");
        let mut at = ends.first as usize + ends.count as usize;
        if at >= self.slots {
            at -= self.slots;
        }
        self.rings[cache * self.slots + at] = slot;
        ends.count += 1;
    }

    /// Takes the slot that waited for longest.
    #[inline]
    pub fn pop(&mut self, cache: usize) -> Option<u32> {
        let ends = &mut self.ends[cache];
        if ends.count == 0 {
            return None;
        }
        let slot = self.rings[cache * self.slots + ends.first as usize];
        ends.first = if ends.first as usize + 1 == self.slots { 0 } else { ends.first + 1 };
        ends.count -= 1;
        Some(slot)
    }
}
