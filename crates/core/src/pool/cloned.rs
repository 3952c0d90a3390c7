//! Which instances are clones: from the order to start until their first request.
//!
//! Part of the pool in `ledger`, which keeps the account of them in `clones`.

use crate::ids::FunctionId;
use crate::pool::clones::CloneTally;
use crate::pool::instance::State;
use crate::pool::ledger::Pool;
use crate::time::Instant;
use crate::units::Bytes;

impl Pool {
    /// Marks an instance whose start was just ordered as a clone, of a function of which clones are
    /// made or only foreseen.
    pub(crate) fn mark_clone(&mut self, slot: u32, is_foreseen: bool) {
        let instance = &mut self.instances[slot as usize];
        instance.is_clone = true;
        let (function, memory) = (instance.function, instance.memory);
        self.clones.begin(slot, memory, is_foreseen);
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
        self.clones.end(slot, memory, held, is_used);
        let known = self.known_mut(function);
        known.clones -= 1;
        known.clones_starting -= u32::from(starts);
    }

    /// The waiting clone of a function that was made first, of those that are ready.
    pub(crate) fn oldest_clone(&self, function: FunctionId) -> Option<u32> {
        self.idle_oldest_first(function).find(|&slot| self.at(slot).is_clone)
    }

    /// The clones that are ready and wait, by slot.
    pub(crate) fn clones_waiting(&self) -> impl Iterator<Item = u32> + '_ {
        self.clones.slots().filter(|&slot| self.at(slot).is_idle())
    }

    /// Memory that waiting clones hold.
    pub fn clones_held(&self) -> Bytes {
        self.clones.held()
    }

    /// What became of the clones so far that another mind only foresees.
    pub(crate) fn clones_foreseen(&self) -> CloneTally {
        self.clones.foreseen()
    }

    /// What became of the clones so far.
    pub fn clone_tally(&self) -> CloneTally {
        self.clones.tally()
    }
}
