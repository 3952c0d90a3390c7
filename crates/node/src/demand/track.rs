//! What is known of one function: calls per minute and per five minutes, and what a call of
//! it uses.
//!
//! Minutes are kept for two days and five minutes for two weeks. That is at most 2,880 and
//! 4,032 numbers of one byte while no number is above 254: 7 KB of a function that is called
//! all the time, next to nothing of one that rests, 70 MB of ten thousand busy ones.

use serde::{Deserialize, Serialize};

use crate::demand::chunks::{CHUNK, Chunks};
use crate::observe::usage::Used;

/// Minutes that are kept.
pub const MINUTES_KEPT: u64 = 10 * CHUNK;
/// Steps of five minutes that are kept: fourteen days.
pub const FIVES_KEPT: u64 = 14 * CHUNK;
/// What is left of the weight of earlier calls with each step of five minutes.
const FADING: f64 = 0.95;

/// One function.
#[derive(Debug, Clone, Default)]
pub struct Track {
    /// The minute from which on it was there.
    pub since: u64,
    /// Calls per minute.
    pub minutes: Chunks,
    /// Calls per five minutes.
    pub fives: Chunks,
    /// What a call of it uses.
    pub costs: CallCosts,
    /// What its calls used since the last step of five minutes.
    pub open: Used,
    /// Whether `costs` changed since they were written.
    pub costs_changed: bool,
}

/// Means over calls of late, those of long ago with less weight.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct CallCosts {
    calls: f64,
    run_us: f64,
    cpu_us: f64,
    weighed: f64,
    memory_kib: f64,
    bytes: f64,
}

impl CallCosts {
    /// A step is over in which calls used this.
    pub fn step(&mut self, used: &Used) {
        let fold = |sum: &mut f64, more: u64| *sum = *sum * FADING + more as f64;
        fold(&mut self.calls, used.calls);
        fold(&mut self.run_us, used.run_us);
        fold(&mut self.cpu_us, used.cpu_us);
        fold(&mut self.weighed, used.weighed);
        fold(&mut self.memory_kib, used.memory_kib);
        fold(&mut self.bytes, used.bytes);
    }

    /// How long an instance works on a call, in seconds; none before the first call.
    pub fn run_seconds(&self) -> Option<f64> {
        mean(self.run_us, self.calls).map(|us| us / 1e6)
    }

    /// Processor time that a call takes, in seconds; none before the first call.
    pub fn cpu_seconds(&self) -> Option<f64> {
        mean(self.cpu_us, self.calls).map(|us| us / 1e6)
    }

    /// The most memory that the guest of a call held, in bytes; none where nobody could tell.
    pub fn memory_bytes(&self) -> Option<f64> {
        mean(self.memory_kib, self.weighed).map(|kib| kib * 1024.0)
    }

    /// Bytes of a request and its answer; none before the first call.
    pub fn bytes(&self) -> Option<f64> {
        mean(self.bytes, self.calls)
    }

    /// Whether these are numbers that counting can have made.
    pub fn is_sane(&self) -> bool {
        [self.calls, self.run_us, self.cpu_us, self.weighed, self.memory_kib, self.bytes]
            .iter()
            .all(|sum| sum.is_finite() && *sum >= 0.0)
    }
}

fn mean(sum: f64, of: f64) -> Option<f64> {
    (of > 1e-9).then(|| sum / of)
}

impl Track {
    /// A function that was there from `since` on.
    pub fn new(since: u64) -> Self {
        Self { since, ..Self::default() }
    }

    /// Minutes that ended, `count` of them from `first` on, had so many calls in all.
    pub fn close(&mut self, first: u64, count: u64, calls: u64) {
        let share = calls / count.max(1);
        for minute in first..first + count {
            let is_last = minute + 1 == first + count;
            let rest = if is_last { calls % count.max(1) } else { 0 };
            self.minutes.set(minute, u32::try_from(share + rest).unwrap_or(u32::MAX));
        }
    }

    /// A step of five minutes is over; `is_whole` tells whether all of it was measured.
    pub fn close_five(&mut self, five: u64, is_whole: bool) {
        let calls: u64 = (five * 5..five * 5 + 5).map(|m| u64::from(self.minutes.get(m))).sum();
        if is_whole {
            self.fives.set(five, u32::try_from(calls).unwrap_or(u32::MAX));
        }
        let used = std::mem::take(&mut self.open);
        if used != Used::default() {
            self.costs.step(&used);
            self.costs_changed = true;
        }
    }

    /// Whether nothing is known of it any more.
    pub fn is_empty(&self) -> bool {
        self.minutes.is_empty() && self.fives.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_minutes_are_the_sum_of_their_minutes() {
        let mut track = Track::new(100);
        track.close(100, 3, 10);
        track.close(104, 1, 5);
        assert_eq!([100, 101, 102, 103, 104].map(|m| track.minutes.get(m)), [3, 3, 4, 0, 5]);
        track.close_five(20, true);
        assert_eq!(track.fives.get(20), 15);
        track.close(105, 1, 1);
        track.close_five(21, false);
        assert_eq!(track.fives.get(21), 0);
    }

    #[test]
    fn costs_are_means_of_calls() {
        let mut costs = CallCosts::default();
        assert_eq!((costs.run_seconds(), costs.memory_bytes()), (None, None));
        for _ in 0..200 {
            costs.step(&Used {
                calls: 4,
                run_us: 8_000,
                weighed: 2,
                memory_kib: 20,
                bytes: 400,
                cpu_us: 1_200,
            });
        }
        let near = |found: Option<f64>, wanted: f64| {
            assert!((found.expect("it is known") - wanted).abs() < 1e-9, "{found:?} {wanted}");
        };
        near(costs.run_seconds(), 0.002);
        near(costs.cpu_seconds(), 0.0003);
        near(costs.memory_bytes(), 10_240.0);
        near(costs.bytes(), 100.0);
        assert!(costs.is_sane());
    }
}
