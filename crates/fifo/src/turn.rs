//! An heir waits for its turn: until the owner before has let go, or the daemon says so.

use std::sync::atomic::Ordering::Acquire;
use std::time::Duration;

use crate::layout::{control, page};
use crate::owner::Heir;
use crate::segment::want;
use crate::shared::{Shared, Watch};

impl<S: Shared> Heir<S> {
    /// How often to look before sleeping, once it is wanted: the owner before lets go between two
    /// items, which is sooner than a sleep and a wake-up take.
    pub fn set_spins(&mut self, spins: u32) {
        self.spins = spins;
    }

    /// Sleeps until it may be time to begin, at most for `limit`.
    pub fn wait(&self, limit: Option<Duration>) {
        let spins = if want(&self.control).epoch == self.epoch { self.spins } else { 0 };
        for _ in 0..spins {
            if self.is_due() {
                return;
            }
            S::spin();
        }
        let seen_want = self.control.load(control::WANT, Acquire);
        let seen_given = self.page.load(page::GIVEN, Acquire);
        let seen_released = self.before.as_ref().map(|page| page.load(page::RELEASED, Acquire));
        if self.is_due() {
            return;
        }
        let mut watches = vec![
            Watch { memory: &self.control, at: control::WANT, seen: seen_want },
            Watch { memory: &self.page, at: page::GIVEN, seen: seen_given },
        ];
        if let (Some(memory), Some(seen)) = (&self.before, seen_released) {
            watches.push(Watch { memory, at: page::RELEASED, seen });
        }
        S::wait(&watches, limit);
    }
}
