//! Where the consumer of a flow is to work, as a word that many look at.

use std::sync::atomic::{AtomicU32, Ordering};

use swell_core::flow::affinity::{CoreId, Place};

/// Where a consumer is to work: the core and one, or 0.
#[derive(Debug, Default)]
pub(crate) struct Seat(AtomicU32);

impl Seat {
    pub(crate) fn place(&self) -> Place {
        match self.0.load(Ordering::Acquire).checked_sub(1) {
            None => Place::Shared,
            Some(core) => Place::On(CoreId(core)),
        }
    }

    pub(crate) fn set(&self, place: Place) {
        let word = match place {
            Place::Shared => 0,
            Place::On(CoreId(core)) => core + 1,
        };
        self.0.store(word, Ordering::Release);
    }
}
