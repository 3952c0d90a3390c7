//! Reading one lane: where its next item lies, in the order its producer put them in.
//!
//! Everything a producer writes is looked at once, checked, and only then used: a hostile
//! one can end its own lane, and nothing else.
//!
//! What lies between a look at the tail and the item is always inlined, here and in the two ends:
//! a result that is handed back through memory is read in other widths than it was written in,
//! which stalls for as long as a third of the way between two cores takes.

use std::collections::VecDeque;
use std::sync::atomic::Ordering::{Acquire, Relaxed};

use crate::fault::Fault;
use crate::layout::region;
use crate::record::{HEAD, Head, Kind, record};
use crate::segment::{Region, position, read_region};
use crate::shared::Shared;

/// Looks at a lossy lane before its caller has to ask again: its producer is faster.
const TRIES: usize = 64;

/// An item that was found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    /// Where its bytes are.
    pub(crate) at: usize,
    pub(crate) length: usize,
    pub(crate) sequence: u64,
    pub(crate) stamp: u64,
    pub(crate) start: u64,
    pub(crate) end: u64,
}

/// The reading end of a lane.
pub(crate) struct Lane<S> {
    pub(crate) memory: S,
    region: Region,
    /// Regions the lane may go on in, in order.
    next: VecDeque<S>,
    lossy: bool,
    /// Where the next record is, and how far the producer was when last looked at.
    pub(crate) cursor: u64,
    pub(crate) tail: u64,
    /// What the owner's page says.
    pub(crate) committed: u64,
    /// The sequence that is due; none where it starts, or after items were dropped.
    due: Option<u64>,
    /// The lane went on in a region that is not known here.
    pub(crate) is_lost: bool,
}

impl<S: Shared> Lane<S> {
    /// Opens the lane at `start`. `regions` are those it may lie in, in order.
    pub(crate) fn open(regions: Vec<S>, start: u64, lossy: bool) -> Result<Self, Fault> {
        let mut next = VecDeque::from(regions);
        let mut memory = next.pop_front().ok_or(Fault::NotASegment)?;
        let mut region = read_region(&memory)?.ok_or(Fault::NotASegment)?;
        while let Some(following) = next.front() {
            let sealed = memory.load(region::SEALED, Acquire);
            match read_region(following)? {
                Some(begun) if begun.base == sealed && begun.base <= start => region = begun,
                _ => break,
            }
            memory = next.pop_front().expect("it was looked at just now");
        }
        let tail = position(memory.load(region::TAIL, Acquire), region.base, u64::MAX / 2)?;
        let low = if lossy { 0 } else { region.base.max(tail.saturating_sub(region.capacity)) };
        let start = position(start, low, tail)?.max(region.base);
        Ok(Self {
            memory,
            region,
            next,
            lossy,
            cursor: start,
            tail,
            committed: start,
            due: None,
            is_lost: false,
        })
    }

    /// Makes a region known that the lane may go on in.
    pub(crate) fn announce(&mut self, region: S) {
        self.next.push_back(region);
        self.is_lost = false;
    }

    /// The region the lane is in, and those it may go on in.
    pub(crate) fn regions(&self) -> impl Iterator<Item = &S> {
        std::iter::once(&self.memory).chain(&self.next)
    }

    /// Whether the producer published something that was not looked at yet.
    pub(crate) fn is_behind(&self) -> bool {
        if self.is_lost {
            return false;
        }
        self.cursor != self.tail || self.memory.load(region::TAIL, Acquire) != self.tail
    }

    /// The next item, if there is one.
    #[inline(always)]
    pub(crate) fn find(&mut self) -> Result<Option<Found>, Fault> {
        for _ in 0..TRIES {
            if self.cursor == self.tail && !self.look()? {
                return Ok(None);
            }
            if self.lossy && !self.skip_discarded()? {
                continue;
            }
            let into = (self.cursor - self.region.base) & (self.region.capacity - 1);
            let at = region::DATA + into as usize;
            let word = self.memory.load(at, Relaxed);
            let sequence = self.memory.load(at + 8, Relaxed);
            if self.lossy && !self.is_intact(self.cursor) {
                continue;
            }
            let room = self.region.capacity - into;
            let there = room.min(self.tail - self.cursor);
            let length = || Fault::Length { position: self.cursor, length: word };
            let head = Head::of(word).ok_or_else(length)?;
            match head.kind {
                Kind::Item => {
                    let size = record(head.length);
                    if size > there {
                        return Err(length());
                    }
                    self.check_sequence(sequence)?;
                    let (start, end) = (self.cursor, self.cursor + size);
                    let (length, stamp) = (head.length as usize, head.stamp);
                    let at = at + HEAD as usize;
                    return Ok(Some(Found { at, length, sequence, stamp, start, end }));
                }
                // A pad leads to the start of the data; one that starts there leads nowhere.
                Kind::Pad if into > 0 && HEAD + head.length == room && room <= there => {
                    self.cursor += room;
                }
                Kind::Seal if self.cursor + HEAD == self.tail => {
                    if !self.cross()? {
                        self.is_lost = true;
                        return Ok(None);
                    }
                }
                Kind::Pad | Kind::Seal => return Err(length()),
            }
        }
        Ok(None)
    }

    /// Goes behind an item that was found.
    #[inline(always)]
    pub(crate) fn take(&mut self, found: Found) {
        self.cursor = found.end;
        self.due = Some(found.sequence.wrapping_add(1));
    }

    /// Whether an item from `start` on has not been overwritten until now. What was copied
    /// before asking is whole if so.
    #[inline(always)]
    pub(crate) fn is_intact(&self, start: u64) -> bool {
        if !self.lossy {
            return true;
        }
        S::fence();
        self.memory.load(region::DISCARDED, Acquire) <= start
    }

    #[inline(always)]
    fn check_sequence(&self, found: u64) -> Result<(), Fault> {
        match self.due {
            Some(expected) if expected != found && !self.lossy => {
                Err(Fault::Sequence { found, expected })
            }
            _ => Ok(()),
        }
    }

    /// Looks at the tail again; tells whether it has moved.
    #[inline(always)]
    fn look(&mut self) -> Result<bool, Fault> {
        let found = self.memory.load(region::TAIL, Acquire);
        if found == self.tail {
            return Ok(false);
        }
        let low =
            if self.lossy { found.saturating_sub(self.region.capacity) } else { self.committed };
        let low = low.max(self.region.base).max(self.tail);
        let reach = if self.lossy { u64::MAX / 2 } else { low_end(self.committed, &self.region) };
        self.tail = position(found, low, reach)?;
        Ok(true)
    }

    /// Goes behind what the producer of a lossy lane is overwriting; tells whether the
    /// cursor was in front of it.
    #[cold]
    fn skip_discarded(&mut self) -> Result<bool, Fault> {
        let discarded = self.memory.load(region::DISCARDED, Acquire);
        if discarded <= self.cursor {
            return Ok(true);
        }
        let found = self.memory.load(region::TAIL, Acquire);
        self.tail = position(found, self.tail, u64::MAX / 2)?;
        self.cursor = position(discarded, self.cursor, self.tail)?;
        self.due = None;
        Ok(false)
    }

    /// Goes on in the next region, if it is known and has begun.
    #[cold]
    fn cross(&mut self) -> Result<bool, Fault> {
        let Some(next) = self.next.front() else { return Ok(false) };
        let Some(region) = read_region(next)? else { return Ok(false) };
        if region.base != self.tail {
            let base = self.tail;
            return Err(Fault::Position { found: region.base, low: base, high: base });
        }
        self.memory = self.next.pop_front().expect("it was looked at just now");
        self.region = region;
        (self.cursor, self.tail) = (region.base, region.base);
        Ok(true)
    }
}

/// The highest tail a lane can have while everything from `committed` on is kept.
#[inline]
fn low_end(committed: u64, region: &Region) -> u64 {
    committed.max(region.base) + region.capacity
}
