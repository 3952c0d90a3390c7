//! Where the memory is, and where it has been over time.
//!
//! Memory is held by state. The integral of each over time (byte-nanoseconds, exact in
//! 128 bits) is the waste and the use that reports speak of.

use crate::pool::instance::{STATES, State};
use crate::time::Instant;
use crate::units::Bytes;

/// Memory by state, and its integral over time.
#[derive(Debug, Clone, Default)]
pub struct Account {
    used: Bytes,
    held: [Bytes; STATES.len()],
    integral: [u128; STATES.len()],
    settled: [Instant; STATES.len()],
    peak: Bytes,
}

impl Account {
    /// Memory of all instances together.
    pub fn used(&self) -> Bytes {
        self.used
    }

    /// The most that was ever used at once.
    pub fn peak(&self) -> Bytes {
        self.peak
    }

    /// Memory of the instances in `state`.
    pub fn held(&self, state: State) -> Bytes {
        self.held[state as usize]
    }

    /// Memory of instances that wait for work: idle, pre-warmed or paused.
    pub fn idle(&self) -> Bytes {
        self.held(State::Idle) + self.held(State::PreWarmed) + self.held(State::Paused)
    }

    /// Memory held in `state` integrated from the start of the run until `now`, in
    /// byte-seconds.
    pub fn byte_seconds(&self, state: State, now: Instant) -> f64 {
        let open = self.open(state, now);
        (self.integral[state as usize] + open) as f64 / 1e9
    }

    pub(crate) fn add(&mut self, now: Instant, state: State, memory: Bytes) {
        self.settle(now, state);
        self.held[state as usize] += memory;
        self.used += memory;
        self.peak = self.peak.max(self.used);
    }

    pub(crate) fn remove(&mut self, now: Instant, state: State, memory: Bytes) {
        self.settle(now, state);
        self.held[state as usize] -= memory;
        self.used -= memory;
    }

    fn settle(&mut self, now: Instant, state: State) {
        self.integral[state as usize] += self.open(state, now);
        self.settled[state as usize] = now;
    }

    fn open(&self, state: State, now: Instant) -> u128 {
        let span = now.since(self.settled[state as usize]);
        u128::from(self.held[state as usize].get()) * u128::from(span.nanos())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integrals_follow_what_was_held() {
        let mut account = Account::default();
        let mb = Bytes::from_mb;
        account.add(Instant::from_millis(1000), State::Idle, mb(10));
        account.add(Instant::from_millis(2000), State::Busy, mb(5));
        account.remove(Instant::from_millis(4000), State::Idle, mb(10));
        assert_eq!(account.used(), mb(5));
        assert_eq!(account.peak(), mb(15));
        let now = Instant::from_millis(6000);
        assert_eq!(account.byte_seconds(State::Idle, now), 30e6);
        assert_eq!(account.byte_seconds(State::Busy, now), 20e6);
    }
}
