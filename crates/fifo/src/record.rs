//! What stands before each item in a lane, and what it can say.

use crate::layout::ALIGN;

/// Bytes of a record's head.
pub(crate) const HEAD: u64 = 16;
/// Room that is always kept, so that a full region can still be sealed.
pub(crate) const SEAL: u64 = HEAD;

const KIND_SHIFT: u32 = 32;
const STAMP_SHIFT: u32 = 34;
const STAMP_MASK: u64 = (1 << 30) - 1;

/// What follows a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An item of so many bytes.
    Item,
    /// So many bytes of nothing, to the end of the data: the next record did not fit.
    Pad,
    /// Nothing: the lane goes on in the next region.
    Seal,
}

/// The first word of a head: kind, length, and for sampled items when they were put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) kind: Kind,
    pub(crate) length: u64,
    /// Milliseconds of the coarse clock, their lowest 30 bits; 0 if not sampled.
    pub(crate) stamp: u64,
}

impl Head {
    #[inline]
    pub(crate) fn word(self) -> u64 {
        let kind = match self.kind {
            Kind::Item => 1,
            Kind::Pad => 2,
            Kind::Seal => 3,
        };
        self.length | (kind << KIND_SHIFT) | (self.stamp << STAMP_SHIFT)
    }

    /// What a word says, if it can be a head at all.
    #[inline]
    pub(crate) fn of(word: u64) -> Option<Self> {
        let kind = match (word >> KIND_SHIFT) & 3 {
            1 => Kind::Item,
            2 => Kind::Pad,
            3 => Kind::Seal,
            _ => return None,
        };
        Some(Self { kind, length: word & u64::from(u32::MAX), stamp: word >> STAMP_SHIFT })
    }
}

/// Bytes a record with an item of `length` bytes takes.
#[inline]
pub(crate) const fn record(length: u64) -> u64 {
    HEAD + length.next_multiple_of(ALIGN)
}

/// The longest item for a region of `capacity` bytes of data: with it in two halves, an
/// item fits wherever the last one ended.
pub const fn item_max(capacity: u64) -> u64 {
    capacity / 2 - HEAD - SEAL
}

/// A time of the coarse clock as a head holds it.
pub(crate) const fn sampled(nanos: u64) -> u64 {
    let millis = (nanos / 1_000_000) & STAMP_MASK;
    if millis == 0 { 1 } else { millis }
}

/// Milliseconds between a stamp in a head and a time of the coarse clock.
pub(crate) const fn age_ms(stamp: u64, nanos: u64) -> u64 {
    (nanos / 1_000_000).wrapping_sub(stamp) & STAMP_MASK
}
