//! Clones: instances made because a forecast spoke of them, until their first request.
//!
//! What clones cost is what they hold while they start and wait. Memory held by those that
//! were used in the end bought something; that of the others was held for nothing.

use std::collections::BTreeMap;

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

impl CloneTally {
    fn end(&mut self, held: u128, is_used: bool) {
        match is_used {
            true => (self.used, self.held_used) = (self.used + 1, self.held_used + held),
            false => (self.unused, self.held_unused) = (self.unused + 1, self.held_unused + held),
        }
    }

    /// These and others.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            made: self.made + other.made,
            used: self.used + other.used,
            unused: self.unused + other.unused,
            held_used: self.held_used + other.held_used,
            held_unused: self.held_unused + other.held_unused,
        }
    }
}

/// Clones that wait, and what became of the others.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clones {
    /// By slot, whether the clone is of a function of which clones are only foreseen.
    slots: BTreeMap<u32, bool>,
    held: Bytes,
    tally: CloneTally,
    foreseen: CloneTally,
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

    /// Of [`Clones::tally`], those of functions of which clones are only foreseen: none but in the
    /// mind that does what another foresees.
    pub(crate) fn foreseen(&self) -> CloneTally {
        self.foreseen
    }

    /// The clones that start or wait, by slot.
    pub(super) fn slots(&self) -> impl Iterator<Item = u32> + '_ {
        self.slots.keys().copied()
    }

    pub(super) fn begin(&mut self, slot: u32, memory: Bytes, is_foreseen: bool) {
        self.slots.insert(slot, is_foreseen);
        self.held += memory;
        self.tally.made += 1;
        self.foreseen.made += u64::from(is_foreseen);
    }

    pub(super) fn end(&mut self, slot: u32, memory: Bytes, held: u128, is_used: bool) {
        let is_foreseen = self.slots.remove(&slot).unwrap_or(false);
        self.held -= memory;
        self.tally.end(held, is_used);
        if is_foreseen {
            self.foreseen.end(held, is_used);
        }
    }

    pub(super) fn reweigh(&mut self, former: Bytes, memory: Bytes) {
        self.held -= former;
        self.held += memory;
    }
}
