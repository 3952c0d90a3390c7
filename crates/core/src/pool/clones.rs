//! Clones: instances made because a forecast spoke of them, until their first request.
//!
//! What clones cost is what they hold while they start and wait. Memory held by those that
//! were used in the end bought something; that of the others was held for nothing.

use serde::{Deserialize, Serialize};

use crate::ids::FunctionId;
use crate::pool::instance::State;
use crate::pool::ledger::Pool;
use crate::time::Instant;
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
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Clones {
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

    fn begin(&mut self, memory: Bytes) {
        self.held += memory;
        self.tally.made += 1;
    }

    pub(super) fn reweigh(&mut self, former: Bytes, memory: Bytes) {
        self.held -= former;
        self.held += memory;
    }
}

impl Pool {
    /// Marks an instance whose start was just ordered as a clone.
    pub(crate) fn mark_clone(&mut self, slot: u32) {
        let instance = &mut self.instances[slot as usize];
        instance.is_clone = true;
        let (function, memory) = (instance.function, instance.memory);
        self.clones.begin(memory);
        let known = self.known_mut(function);
        known.clones += 1;
        known.clones_starting += 1;
    }

    /// The instance is a clone no longer: it got a request, or it ended without one.
    pub(super) fn end_clone(&mut self, now: Instant, slot: u32, is_used: bool) {
        let instance = &mut self.instances[slot as usize];
        if !std::mem::replace(&mut instance.is_clone, false) {
            return;
        }
        let (function, memory) = (instance.function, instance.memory);
        let starts = instance.state == State::Starting;
        let held = u128::from(memory.get()) * u128::from(now.since(instance.created).nanos());
        let Clones { held: all, tally, .. } = &mut self.clones;
        *all -= memory;
        if is_used {
            tally.used += 1;
            tally.held_used += held;
        } else {
            tally.unused += 1;
            tally.held_unused += held;
        }
        let known = self.known_mut(function);
        known.clones -= 1;
        known.clones_starting -= u32::from(starts);
    }

    /// The waiting clone of a function that was made first, of those that are ready.
    pub(crate) fn oldest_clone(&self, function: FunctionId) -> Option<u32> {
        self.idle_oldest_first(function).find(|&slot| self.at(slot).is_clone)
    }

    /// Memory that waiting clones hold.
    pub fn clones_held(&self) -> Bytes {
        self.clones.held()
    }

    /// What became of the clones so far.
    pub fn clone_tally(&self) -> CloneTally {
        self.clones.tally()
    }
}
