//! Where effects are written, and what items look like.
//!
//! The account is memory of the keeper, so it outlives everybody. For each lane it says how
//! many items have had their effect: an owner moves it from n to n + 1 in one step, so the
//! effect and its position are one, and an item that is given out again is recognised.

use std::sync::atomic::{AtomicU64, Ordering};

use swell_fifo::fault::Fault;
use swell_fifo::mapping::Mapping;
use swell_fifo::shared::Shared;

pub(crate) const LANES: usize = 2;
/// One page.
pub(crate) const SIZE: usize = 4096;

/// Words of the account.
const APPLIED: usize = 0;
const REDELIVERED: usize = 64;
const TORN: usize = 128;
const GAPS: usize = 192;
const FAULTS: usize = 256;

pub(crate) struct Account(Mapping);

impl Account {
    pub(crate) fn new(memory: Mapping) -> Self {
        Self(memory)
    }

    /// Has the effect of an item, once.
    pub(crate) fn apply(&self, lane: usize, sequence: u64, bytes: &[u8]) {
        let applied = self.word(APPLIED + 8 * lane);
        let before = applied.load(Ordering::SeqCst);
        // Looked at after the bytes were copied: what has had its effect by now may have been
        // overwritten under a former owner that was frozen, and is worth nothing.
        if sequence < before {
            self.count(REDELIVERED);
        } else if sequence > before {
            self.count(GAPS);
        } else if bytes != item(lane, sequence) {
            self.count(TORN);
        } else if applied
            .compare_exchange(before, before + 1, Ordering::SeqCst, Ordering::SeqCst)
            .is_err()
        {
            // A successor was faster than this one, which was frozen in between.
            self.count(REDELIVERED);
        }
    }

    pub(crate) fn fault(&self, fault: Fault) {
        eprintln!("an owner gives up: {fault}");
        self.count(FAULTS);
    }

    pub(crate) fn applied(&self, lane: usize) -> u64 {
        self.0.load(APPLIED + 8 * lane, Ordering::SeqCst)
    }

    pub(crate) fn redelivered(&self) -> u64 {
        self.0.load(REDELIVERED, Ordering::SeqCst)
    }

    /// What must all be zero.
    pub(crate) fn broken(&self) -> [(&'static str, u64); 3] {
        let at = |at| self.0.load(at, Ordering::SeqCst);
        [("torn", at(TORN)), ("lost or out of order", at(GAPS)), ("faults", at(FAULTS))]
    }

    fn count(&self, at: usize) {
        self.word(at).fetch_add(1, Ordering::SeqCst);
    }

    fn word(&self, at: usize) -> &AtomicU64 {
        self.0.atomic(at)
    }
}

/// The item of a lane with a sequence: its length and bytes follow from both.
pub(crate) fn item(lane: usize, sequence: u64) -> Vec<u8> {
    let mix = (sequence ^ (lane as u64) << 56).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let length = (mix >> 32) % 400;
    (0..length).map(|index| (mix >> (index % 8 * 8)) as u8 ^ index as u8).collect()
}
