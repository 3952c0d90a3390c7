//! Clones: instances made because a forecast spoke of them, until their first request.
//!
//! What clones cost is what they hold while they start and wait. Memory held by those that
//! were used in the end bought something; that of the others was held for nothing.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::units::Bytes;

/// What became of the clones of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CloneTally {
    /// Clones made.
    pub made: u64,
    /// Clones that served a request.
    pub used: u64,
    /// Clones that ended without.
    pub unused: u64,
    /// Memory that clones held until their first request, in byte-nanoseconds.
    pub held_used: u128,
    /// Memory that clones held that ended without one, in byte-nanoseconds.
    pub held_unused: u128,
}

/// Clones that wait, and what became of the others.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clones {
    slots: BTreeSet<u32>,
    held: Bytes,
    tally: CloneTally,
}

impl Clones {
    /// Memory that waiting clones hold.
    pub(crate) fn held(&self) -> Bytes {
        self.held
    }

    /// What became of all clones so far; those that wait are in `made` alone.
    pub(crate) fn tally(&self) -> CloneTally {
        self.tally
    }

    /// The clones that start or wait, by slot.
    pub(super) fn slots(&self) -> impl Iterator<Item = u32> + '_ {
        self.slots.iter().copied()
    }

    pub(super) fn begin(&mut self, slot: u32, memory: Bytes) {
        self.slots.insert(slot);
        self.held += memory;
        self.tally.made += 1;
    }

    pub(super) fn end(&mut self, slot: u32, memory: Bytes, held: u128, is_used: bool) {
        self.slots.remove(&slot);
        self.held -= memory;
        if is_used {
            self.tally.used += 1;
            self.tally.held_used += held;
        } else {
            self.tally.unused += 1;
            self.tally.held_unused += held;
        }
    }

    pub(super) fn reweigh(&mut self, former: Bytes, memory: Bytes) {
        self.held -= former;
        self.held += memory;
    }
}
