//! Putting items into a lane: one producer, one lane.
//!
//! The producer is never stopped by a migration. It finds out that the owner changed when
//! it publishes or runs out of room, and reads the new owner's page from then on.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crate::clock;
use crate::fault::Fault;
use crate::layout::{Want, page, region};
use crate::record::{HEAD, Head, Kind, SEAL, item_max, record, sampled};
use crate::refusal::PushError;
use crate::segment::{
    Region, begin_region, marked, position, read_control, read_page, read_region, want,
};
use crate::shared::Shared;

/// One in so many items says when it was put in.
const SAMPLE: u64 = 64;

/// The writing end of a lane.
pub struct Producer<S> {
    pub(crate) control: S,
    pub(crate) lane: usize,
    lossy: bool,
    pub(crate) memory: S,
    pub(crate) region: Region,
    pub(crate) page: S,
    pub(crate) epoch: u32,
    /// Pages of later epochs.
    pages: Vec<(u32, S)>,
    /// End of what is written, and of what is published.
    pub(crate) tail: u64,
    pub(crate) published: u64,
    /// Sequence of the next item.
    pub(crate) sequence: u64,
    /// Everything before this may be overwritten.
    pub(crate) free: u64,
    mark: usize,
    pub(crate) bytes: u64,
    dropped: u64,
    kept_from: u64,
    pub(crate) blocked: u64,
    pub(crate) spins: u32,
    is_away: bool,
}

impl<S: Shared> Producer<S> {
    /// Opens a lane for writing, for the first time or after a producer that died: what it
    /// had published stays, what it had not is gone.
    pub fn open(control: S, lane: usize, memory: S, page: S) -> Result<Self, Fault> {
        let about = read_control(&control)?;
        if lane >= about.lanes {
            return Err(Fault::Lanes(lane as u64 + 1));
        }
        let region = read_region(&memory)?.ok_or(Fault::NotASegment)?;
        let tail = position(memory.load(region::TAIL, Acquire), region.base, u64::MAX / 2)?;
        let sequence = marked(&memory, tail).ok_or(Fault::NotASegment)?;
        let discarded = memory.load(region::DISCARDED, Relaxed);
        let discarded = position(discarded, region.base, tail)?;
        memory.store(region::WAKE_AT, 0, Relaxed);
        let mut producer = Self {
            lane,
            lossy: about.lossy,
            region,
            epoch: read_page(&page)?,
            page,
            pages: Vec::new(),
            tail,
            published: tail,
            sequence,
            // The owner may be behind still, in a region before this one.
            free: if about.lossy { discarded } else { 0 },
            mark: 0,
            bytes: memory.load(region::BYTES, Relaxed),
            dropped: memory.load(region::DROPPED, Relaxed),
            kept_from: 0,
            blocked: memory.load(region::BLOCKED, Relaxed),
            spins: 0,
            is_away: false,
            control,
            memory,
        };
        producer.mark = usize::from(producer.memory.load(region::MARKS, Relaxed) == tail);
        Ok(producer)
    }

    /// How often to look for room before sleeping.
    pub fn set_spins(&mut self, spins: u32) {
        self.spins = spins;
    }

    /// The number of the next item; all before it have been put in.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The number of the first item of a lossy lane that this producer has not given up for lack of
    /// room; 0 if it gave up none.
    pub fn kept_from(&self) -> u64 {
        self.kept_from
    }

    /// Whether the region is sealed: its producer died after going on in another one, and
    /// that one is to be opened instead.
    pub fn is_sealed(&self) -> bool {
        self.memory.load(region::SEALED, Relaxed) == self.published
    }

    /// Whether the FIFO was found to have gone elsewhere when something was last published.
    pub fn is_away(&self) -> bool {
        self.is_away
    }

    /// Makes the page of a coming owner known.
    pub fn announce(&mut self, page: S) -> Result<(), Fault> {
        let epoch = read_page(&page)?;
        self.pages.retain(|(known, _)| *known != epoch);
        self.pages.push((epoch, page));
        Ok(())
    }

    /// Goes on in another region from the next item on. Nothing is copied: the owner reads
    /// this region to its end first.
    pub fn continue_in(&mut self, next: S) -> Result<(), Fault> {
        read_region(&next)?;
        self.publish();
        let base = self.tail + SEAL;
        // To go on elsewhere puts nothing in.
        next.store(region::STAMP, self.memory.load(region::STAMP, Relaxed), Relaxed);
        // The next region is whole before the seal that leads to it can be seen.
        begin_region(&next, base, self.sequence);
        let region = read_region(&next)?.ok_or(Fault::NotASegment)?;
        let at = self.offset(self.tail);
        self.memory.store(at, Head { kind: Kind::Seal, length: 0, stamp: 0 }.word(), Relaxed);
        self.memory.store(region::SEALED, base, Relaxed);
        self.tail = base;
        self.publish();
        self.memory = next;
        self.region = region;
        self.mark = 1;
        (self.bytes, self.dropped, self.blocked) = (0, 0, 0);
        Ok(())
    }

    /// Puts an item in and lets the owner see it.
    #[inline(always)]
    pub fn push(&mut self, item: &[u8]) -> Result<(), PushError> {
        self.stage(item)?;
        self.publish();
        self.check_here()
    }

    /// Puts in as many of the items as fit, lets the owner see them together, and tells how
    /// many that were.
    pub fn push_batch<'a>(
        &mut self,
        items: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<usize, PushError> {
        let mut count = 0;
        for item in items {
            match self.stage(item) {
                Ok(()) => count += 1,
                Err(_) if count > 0 => break,
                Err(error) => return Err(error),
            }
        }
        self.publish();
        self.check_here()?;
        Ok(count)
    }

    /// Puts an item in without letting the owner see it before [`publish`](Self::publish).
    #[inline(always)]
    pub fn stage(&mut self, item: &[u8]) -> Result<(), PushError> {
        let mut slot = self.reserve(item.len())?;
        slot.write(0, item);
        slot.stage();
        Ok(())
    }

    /// Room for an item of `length` bytes, to be written in place.
    #[inline(always)]
    pub fn reserve(&mut self, length: usize) -> Result<Slot<'_, S>, PushError> {
        self.check_here()?;
        let max = item_max(self.region.capacity);
        if length as u64 > max {
            return Err(PushError::TooLarge { length, max });
        }
        let size = record(length as u64);
        let into = (self.tail - self.region.base) & (self.region.capacity - 1);
        let room = self.region.capacity - into;
        let pad = if size > room { room } else { 0 };
        if !self.fits(pad + size) {
            self.make_room(pad + size)?;
        }
        // The owner may have looked at these lines since: to ask for them together costs one trip
        // between the cores, where stores, which become visible in order, would cost one each.
        self.memory.expect_write(region::TAIL);
        self.memory.expect_write(self.offset(self.tail));
        if pad > 0 {
            let at = self.offset(self.tail);
            let head = Head { kind: Kind::Pad, length: pad - HEAD, stamp: 0 };
            self.memory.store(at, head.word(), Relaxed);
            self.tail += pad;
        }
        Ok(Slot { at: self.offset(self.tail), length, producer: self })
    }

    /// Lets the owner see everything staged so far.
    #[inline(always)]
    pub fn publish(&mut self) {
        if self.tail == self.published {
            return;
        }
        let mark = region::MARKS + 16 * self.mark;
        self.memory.store(mark, self.tail, Relaxed);
        self.memory.store(mark + 8, self.sequence, Relaxed);
        self.mark ^= 1;
        self.memory.store(region::TAIL, self.tail, Release);
        self.published = self.tail;
        // Before the looks below: an owner that sleeps has looked at the tail in vain after
        // it said so, and the fence makes sure that one of the two sees the other.
        S::fence();
        let Want { epoch, owner } = want(&self.control);
        self.is_away = owner == Want::AWAY;
        let is_known = epoch == self.epoch || self.follow(epoch);
        if !is_known || self.page.load(page::SLEEPING, Relaxed) != 0 {
            self.memory.wake(region::TAIL);
        }
        // The owner has these lines from the last time around; it gives them up meanwhile.
        self.memory.expect_write(self.offset(self.tail));
        self.memory.store(region::STAMP, clock::coarse(), Relaxed);
        self.memory.store(region::BYTES, self.bytes, Relaxed);
    }

    /// Counts an item that was not put in because the lane was full.
    pub fn count_dropped(&mut self) {
        self.dropped += 1;
        self.memory.store(region::DROPPED, self.dropped, Relaxed);
    }

    /// Whether what was published is safe here: it is if the daemon had not fenced the FIFO
    /// by then, as the daemon looks at the tail after that.
    #[inline(always)]
    fn check_here(&self) -> Result<(), PushError> {
        if self.is_away {
            return Err(PushError::Away { epoch: want(&self.control).epoch });
        }
        Ok(())
    }

    #[inline(always)]
    pub(crate) fn fits(&self, total: u64) -> bool {
        self.tail + total + SEAL - self.free.max(self.region.base) <= self.region.capacity
    }

    #[cold]
    fn make_room(&mut self, total: u64) -> Result<(), PushError> {
        // Whatever was staged, the owner must see it before it can make room.
        self.publish();
        let looked = self.refresh();
        if self.fits(total) {
            return Ok(());
        }
        if self.lossy {
            return self.discard(total);
        }
        looked?;
        Err(PushError::Full)
    }

    /// Gives up the oldest items until `total` bytes are free.
    fn discard(&mut self, total: u64) -> Result<(), PushError> {
        let mut oldest = self.free.max(self.region.base);
        let mut items = 0;
        while self.tail + total + SEAL - oldest > self.region.capacity {
            let head = Head::of(self.memory.load(self.offset(oldest), Relaxed));
            let (size, is_item) = match head {
                Some(Head { kind: Kind::Item, length, .. }) => (record(length), true),
                Some(Head { kind: Kind::Pad, length, .. }) => (HEAD + length, false),
                _ => return Err(Fault::Length { position: oldest, length: 0 }.into()),
            };
            if is_item {
                items += 1;
                let sequence = self.memory.load(self.offset(oldest) + 8, Relaxed);
                self.kept_from = sequence.saturating_add(1);
            }
            oldest = position(oldest.saturating_add(size), oldest, self.published)?;
        }
        self.free = oldest;
        self.dropped += items;
        self.memory.store(region::DROPPED, self.dropped, Relaxed);
        self.memory.store(region::DISCARDED, oldest, Relaxed);
        // Whoever reads a byte written from here on finds the discarded position too.
        S::fence();
        Ok(())
    }

    /// Looks how far the owner is. Positions of a page count only while its epoch is the
    /// current one: after a forced change the former owner may still write there.
    pub(crate) fn refresh(&mut self) -> Result<(), PushError> {
        loop {
            let epoch = u64::from(self.epoch);
            let is_open = self.page.load(page::OPENED, Acquire) == epoch;
            let found = self.page.load(page::committed(self.lane), Acquire);
            S::fence();
            let Want { epoch: wanted, owner } = want(&self.control);
            if owner == Want::AWAY {
                self.is_away = true;
                return self.check_here();
            }
            if wanted == self.epoch {
                if is_open {
                    let low = if self.lossy { 0 } else { self.free };
                    self.free = self.free.max(position(found, low, self.published)?);
                }
                return Ok(());
            }
            if !self.follow(wanted) {
                return Err(PushError::Moved { epoch: wanted });
            }
        }
    }

    /// Turns to the page of another epoch, if it is known.
    fn follow(&mut self, epoch: u32) -> bool {
        let Some(index) = self.pages.iter().position(|(known, _)| *known == epoch) else {
            return false;
        };
        (self.epoch, self.page) = self.pages.swap_remove(index);
        self.pages.retain(|(known, _)| *known > epoch);
        true
    }

    #[inline]
    pub(crate) fn offset(&self, position: u64) -> usize {
        region::DATA + ((position - self.region.base) & (self.region.capacity - 1)) as usize
    }
}

/// Room for one item.
pub struct Slot<'a, S> {
    producer: &'a mut Producer<S>,
    at: usize,
    length: usize,
}

impl<S: Shared> Slot<'_, S> {
    /// Writes a part of the item, from byte `from` of it, a multiple of 8; front to back, as
    /// up to 7 bytes behind the part become zero. What is never written is whatever the
    /// lane held there before.
    #[inline(always)]
    pub fn write(&mut self, from: usize, bytes: &[u8]) {
        let end = from.checked_add(bytes.len());
        assert!(end.is_some_and(|end| end <= self.length), "a write outside of the item");
        self.producer.memory.write(self.at + HEAD as usize + from, bytes);
    }

    /// Finishes the item; [`Producer::publish`] lets the owner see it.
    #[inline(always)]
    pub fn stage(self) {
        let Self { producer, at, length } = self;
        let sequence = producer.sequence;
        let stamp = if sequence.is_multiple_of(SAMPLE) { sampled(clock::coarse()) } else { 0 };
        let head = Head { kind: Kind::Item, length: length as u64, stamp };
        producer.memory.store(at, head.word(), Relaxed);
        producer.memory.store(at + 8, sequence, Relaxed);
        producer.sequence += 1;
        producer.bytes += length as u64;
        producer.tail += record(length as u64);
    }
}
