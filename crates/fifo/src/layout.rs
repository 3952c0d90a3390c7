//! Where every shared word lies, and which party may write it.
//!
//! A FIFO is made of segments, one memfd each, so that the kernel can enforce who writes
//! what: one *control* page that the daemon writes, per lane a *region* that its producer
//! writes, and per epoch a *page* that the owner of that epoch writes. Everybody else maps
//! them read-only. No word has two writers, so no step needs an atomic read-modify-write,
//! and a former owner that wakes up late writes where nobody reads.
//!
//! Positions are bytes since the FIFO began. They never wrap and never go back, and run on
//! when a lane moves into a region of another size.

/// Bytes of a page: a control segment, a page of an epoch, the head of a region.
pub const PAGE: usize = 4096;
/// Lanes a FIFO can have: each has one cache line on the page of an epoch.
pub const LANES_MAX: usize = 56;
/// Items start at multiples of this; all positions are multiples of it.
pub const ALIGN: u64 = 16;
/// Says that a segment is ours; the last digits count the versions of the layout.
pub const MAGIC: u64 = 0x5377_656c_4669_0002;

/// Every segment: [`MAGIC`] and what kind of segment it is.
pub const AT_MAGIC: usize = 0;
/// Every segment: one of the kinds below.
pub const AT_KIND: usize = 8;
/// The kind of a control segment.
pub const KIND_CONTROL: u64 = 1;
/// The kind of a region.
pub const KIND_REGION: u64 = 2;
/// The kind of a page of an epoch.
pub const KIND_PAGE: u64 = 3;

/// Words of the control segment, written by the daemon only.
pub mod control {
    /// Which FIFO this is.
    pub const ID: usize = 16;
    /// How many lanes it has.
    pub const LANES: usize = 24;
    /// 1 if full lanes overwrite their oldest items.
    pub const LOSSY: usize = 32;
    /// What the next migration is expected to cost, in nanoseconds of pause.
    pub const MIGRATION_COST: usize = 40;
    /// Epoch and owner, see [`super::Want`]; on a line of its own, as all sides watch it.
    pub const WANT: usize = 64;
}

/// Words of the first page of a region, written by the lane's producer only.
pub mod region {
    /// Bytes of data, a power of two; written when the region is made.
    pub const CAPACITY: usize = 16;
    /// The position of the first byte of data; [`UNUSED`] before that is known.
    pub const BASE: usize = 24;
    /// Everything before this position is there to be read.
    pub const TAIL: usize = 64;
    /// Lossy lanes: everything before this position is being overwritten.
    pub const DISCARDED: usize = 72;
    /// Two marks of a tail and the sequence that follows it. A producer that takes over
    /// from a dead one finds the mark that belongs to the published tail.
    pub const MARKS: usize = 128;
    /// When something was last put in, in nanoseconds of the coarse monotonic clock.
    pub const STAMP: usize = 160;
    /// Bytes of all items.
    pub const BYTES: usize = 168;
    /// Items that were dropped because the lane was full.
    pub const DROPPED: usize = 176;
    /// Nanoseconds the producer has waited for room.
    pub const BLOCKED: usize = 184;
    /// Once the lane has gone on in another region: the tail this one ended with.
    pub const SEALED: usize = 192;
    /// If not zero, the producer sleeps until this position (plus 1) is committed.
    pub const WAKE_AT: usize = 256;
    /// A position nothing ever has.
    pub const UNUSED: u64 = u64::MAX;
    /// Where data begins.
    pub const DATA: usize = super::PAGE;
}

/// Words of the page of an epoch, written by the owner of that epoch; only
/// [`GIVEN`](page::GIVEN) and the positions that go with it are the daemon's.
pub mod page {
    /// The epoch this page is for.
    pub const EPOCH: usize = 16;
    /// The epoch, once its owner has begun: the positions mean something from then on.
    pub const OPENED: usize = 64;
    /// The epoch, once its owner has stopped for good.
    pub const RELEASED: usize = 72;
    /// 1 once the daemon has given the positions to start from, as the former owner did not
    /// answer.
    pub const GIVEN: usize = 80;
    /// 1 while the owner sleeps, or is about to.
    pub const SLEEPING: usize = 128;
    /// When something was last taken out, in nanoseconds of the coarse monotonic clock.
    pub const STAMP: usize = 192;
    /// Items taken out in this epoch.
    pub const ITEMS: usize = 200;
    /// Nanoseconds the owner has waited for items.
    pub const STARVED: usize = 208;
    /// Items of the one lane that the owner took out and dropped, as there was no room behind.
    pub const DROPPED: usize = 216;
    /// Of the one lane: the sequence after the last item that the owner answers for from now on,
    /// or dropped.
    pub const ACCEPTED: usize = 224;

    /// The committed position of a lane: everything before it is done with.
    pub const fn committed(lane: usize) -> usize {
        512 + 64 * lane
    }

    /// Where the daemon says a lane starts, with [`GIVEN`]. A word of its own: the owner may
    /// have begun by itself just then.
    pub const fn given(lane: usize) -> usize {
        committed(lane) + 8
    }
}

/// Who shall own the FIFO, as one word: the epoch is its lower half, which futexes watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Want {
    /// Counts the owners; later epochs win.
    pub epoch: u32,
    /// The number the daemon gave the owner; 0 is nobody.
    pub owner: u32,
}

impl Want {
    /// The owner of a FIFO that went to another node.
    pub const AWAY: u32 = u32::MAX;

    /// The word for the control segment.
    pub const fn word(self) -> u64 {
        ((self.owner as u64) << 32) | self.epoch as u64
    }

    /// What a word says.
    pub const fn of(word: u64) -> Self {
        Self { epoch: word as u32, owner: (word >> 32) as u32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_hold_their_lanes() {
        assert!(page::committed(LANES_MAX - 1) + 64 <= PAGE);
    }

    #[test]
    fn wants_survive_their_word() {
        for (epoch, owner) in [(0, 0), (1, 7), (u32::MAX, 1), (3, u32::MAX)] {
            let want = Want { epoch, owner };
            assert_eq!(Want::of(want.word()), want);
        }
    }
}
