//! A producer waits for room: it sleeps until its owner has committed enough, or another owns
//! the FIFO.

use std::sync::atomic::Ordering::{Acquire, Relaxed};
use std::time::{Duration, Instant};

use crate::layout::{Want, control, page, region};
use crate::producer::Producer;
use crate::record::{SEAL, record};
use crate::refusal::PushError;
use crate::shared::{Shared, Watch};

impl<S: Shared> Producer<S> {
    /// Sleeps until there may be room for an item of `length` bytes, at most for `limit`.
    /// Tells whether there is.
    pub fn wait(&mut self, length: usize, limit: Option<Duration>) -> Result<bool, PushError> {
        let start = Instant::now();
        let total = 2 * record(length as u64);
        let mut is_there = self.fits(total);
        let mut spins = self.spins;
        while !is_there {
            self.refresh()?;
            is_there = self.fits(total);
            if is_there || limit.is_some_and(|limit| start.elapsed() >= limit) {
                break;
            }
            if spins > 0 {
                spins -= 1;
                S::spin();
                continue;
            }
            self.sleep(total, limit.map(|limit| limit.saturating_sub(start.elapsed())));
        }
        self.blocked += u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.memory.store(region::BLOCKED, self.blocked, Relaxed);
        Ok(is_there)
    }

    fn sleep(&mut self, total: u64, limit: Option<Duration>) {
        // Half of the lane at a time, so that no wake-up is spent on each record.
        let needed = (self.tail + total + SEAL).saturating_sub(self.region.capacity);
        let half = self.tail - (self.tail - self.free).min(self.region.capacity / 2);
        let wake_at = needed.max(half).min(self.published);
        self.memory.store(region::WAKE_AT, wake_at + 1, Relaxed);
        S::fence();
        let seen = self.page.load(page::committed(self.lane), Acquire);
        let seen_want = self.control.load(control::WANT, Relaxed);
        if Want::of(seen_want).epoch == self.epoch && !self.frees(seen, wake_at) {
            let watches = [
                Watch { memory: &self.page, at: page::committed(self.lane), seen },
                Watch { memory: &self.control, at: control::WANT, seen: seen_want },
            ];
            S::wait(&watches, limit);
        }
        self.memory.store(region::WAKE_AT, 0, Relaxed);
    }

    fn frees(&self, committed: u64, wake_at: u64) -> bool {
        self.page.load(page::OPENED, Acquire) == u64::from(self.epoch) && committed >= wake_at
    }
}
