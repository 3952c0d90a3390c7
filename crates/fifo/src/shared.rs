//! The seam between the ring and memory: what the ring asks of a segment.
//!
//! Tenants are [`Mapping`](crate::mapping::Mapping), which other processes see too,
//! [`Heap`](crate::heap::Heap), which one process keeps for itself and which runs under
//! miri, and in the tests a memory made of loom's atomics. Mutants of the protocol (a fence
//! left out, an order weakened) are memories too, so that no production code knows them.

use std::sync::atomic::Ordering;
use std::time::Duration;

/// One segment. Offsets are in bytes; what lies outside of the segment, or is written
/// through a read-only segment, stops the program: offsets come from this crate, never
/// from a peer.
pub trait Shared: Sized {
    /// How many bytes there are.
    fn size(&self) -> usize;

    /// Reads the word at `at`, a multiple of 8.
    fn load(&self, at: usize, ordering: Ordering) -> u64;

    /// Writes the word at `at`, a multiple of 8.
    fn store(&self, at: usize, value: u64, ordering: Ordering);

    /// Copies out of the segment, from `at`, a multiple of 8. Bytes that are written
    /// meanwhile may come out mixed; that is for the caller to find out.
    fn read(&self, at: usize, into: &mut [u8]);

    /// Copies into the segment, from `at`, a multiple of 8. Up to 7 bytes behind the last
    /// one become zero.
    fn write(&self, at: usize, from: &[u8]);

    /// Says that the lines from `at` on will be written soon: where that is known, others
    /// give them up before it happens. What is outside of the segment is ignored.
    fn expect_write(&self, at: usize) {
        let _ = at;
    }

    /// Orders everything before it before everything after it, among all who use it.
    fn fence();

    /// Wakes whoever waits for the word at `at`.
    fn wake(&self, at: usize);

    /// Sleeps until one of the words is woken, unless one differs from what was seen
    /// already, or until `limit` is over. May return early for no reason.
    fn wait(watches: &[Watch<'_, Self>], limit: Option<Duration>);

    /// A breath between two looks at a word.
    fn spin();
}

/// One word to wait for.
pub struct Watch<'a, S> {
    /// The segment it is in.
    pub memory: &'a S,
    /// Where it is.
    pub at: usize,
    /// What it was when it was looked at. Only the lower half is compared.
    pub seen: u64,
}
