//! How often something took how long: a histogram that costs two additions an
//! observation.
//!
//! The one of prometheus-client takes a lock and walks its buckets in floating point.
//! Ours counts whole nanoseconds in atomics, because several observations belong to every
//! request. The buckets serve WebAssembly (from 50 microseconds) and containers (to a
//! minute) alike. A reader may meet an observation half counted; its count is taken from
//! the buckets, so that the text never contradicts itself.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the buckets, in nanoseconds; what is longer is in one more.
const BOUNDS: [u64; 19] = [
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
    30_000_000_000,
    60_000_000_000,
];

const BUCKETS: usize = BOUNDS.len() + 1;

/// A histogram of durations.
#[derive(Debug, Default)]
pub struct Histogram {
    sum_nanos: AtomicU64,
    buckets: [AtomicU64; BUCKETS],
}

/// What a histogram says at a moment, as the text formats want it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The sum of all durations, in seconds.
    pub sum: f64,
    /// How many there were.
    pub count: u64,
    /// Upper bound in seconds and how many fell into the bucket itself.
    pub buckets: Vec<(f64, u64)>,
}

impl Histogram {
    /// Something took that long.
    pub fn observe(&self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.buckets[bucket(nanos)].fetch_add(1, Ordering::Relaxed);
        self.sum_nanos.fetch_add(nanos, Ordering::Relaxed);
    }

    /// What it says now.
    pub fn read(&self) -> Reading {
        let bounds = BOUNDS.iter().map(|&nanos| nanos as f64 / 1e9);
        let counts = self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed));
        let buckets: Vec<_> = bounds.chain([f64::INFINITY]).zip(counts).collect();
        Reading {
            sum: self.sum_nanos.load(Ordering::Relaxed) as f64 / 1e9,
            count: buckets.iter().map(|bucket| bucket.1).sum(),
            buckets,
        }
    }
}

/// The bucket of a duration. Warm calls are short and fall into the first few, so walking
/// from the short end beats halving.
fn bucket(nanos: u64) -> usize {
    BOUNDS.iter().position(|&bound| nanos <= bound).unwrap_or(BOUNDS.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_duration_falls_into_its_bucket() {
        for (nanos, expected) in [
            (0, 5e-5),
            (50_000, 5e-5),
            (50_001, 1e-4),
            (999_999, 1e-3),
            (60_000_000_000, 60.0),
            (60_000_000_001, f64::INFINITY),
            (u64::MAX, f64::INFINITY),
        ] {
            let histogram = Histogram::default();
            histogram.observe(Duration::from_nanos(nanos));
            let reading = histogram.read();
            assert_eq!(reading.count, 1);
            let hit = reading.buckets.iter().find(|bucket| bucket.1 == 1);
            assert_eq!(hit, Some(&(expected, 1)), "{nanos}");
        }
    }

    #[test]
    fn sums_and_counts_add_up_across_threads() {
        let histogram = Histogram::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1_000 {
                        histogram.observe(Duration::from_millis(2));
                    }
                });
            }
        });
        let reading = histogram.read();
        assert_eq!((reading.count, reading.sum), (4_000, 8.0));
    }

    #[test]
    fn bounds_grow() {
        assert!(BOUNDS.is_sorted());
    }
}
