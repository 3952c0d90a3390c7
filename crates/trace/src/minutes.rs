//! How do counts per minute become calls in order of time?
//!
//! A minute at a time: its counts are placed, packed into integers whose order is the
//! order of time and then of functions, sorted, and handed out. Sorting plain integers is
//! what makes this fast, and a minute is all that is ever expanded.

use std::sync::Arc;

use swell_core::ids::FunctionId;
use swell_core::rng::{Rng, split};
use swell_core::time::{Instant, Span};

use crate::arrival::{Arrival, ArrivalStream};
use crate::counts::{Count, Counts};
use crate::durations::{Durations, RunQuantiles, RunTimes};
use crate::error::TraceError;
use crate::placement::{MINUTE_NANOS, Placement};
use crate::reading::Reading;
use crate::trace::Calls;

/// Arrivals per chunk: some 100 KB, which stay in the processor's cache.
const CHUNK: usize = 4096;

/// Low bits of a key: which of the minute's functions. The offset above them stays below
/// 2^36 nanoseconds, so a key fits 64 bits.
const ROW_BITS: u32 = 28;

/// The calls of a trace that tells counts per minute.
pub struct MinuteCalls {
    /// The counts.
    pub counts: Arc<Counts>,
    /// Average run of each function.
    pub warm: Vec<Span>,
    /// Quantiles of each function's runs, where known.
    pub quantiles: Vec<Option<RunQuantiles>>,
}

impl Calls for MinuteCalls {
    fn needs_placement(&self) -> bool {
        true
    }

    fn open(&self, reading: &Reading) -> Result<Box<dyn ArrivalStream>, TraceError> {
        let warm = self.warm.clone();
        let runs = match reading.durations {
            Durations::Average => RunTimes::average(warm),
            Durations::Sampled => RunTimes::sampled(warm, self.quantiles.clone(), reading.seed),
        };
        let counts = Arc::clone(&self.counts);
        Ok(Box::new(MinuteStream::new(counts, reading.placement, runs, reading.seed)))
    }

    fn run_quantiles(&self, function: FunctionId) -> Option<RunQuantiles> {
        self.quantiles[function.index()]
    }
}

/// Expands [`Counts`].
pub struct MinuteStream {
    counts: Arc<Counts>,
    placement: Placement,
    runs: RunTimes,
    rng: Rng,
    minute: usize,
    rows: Vec<Count>,
    keys: Vec<u64>,
    handed: usize,
}

impl MinuteStream {
    /// The calls of `counts` from the first minute on.
    pub fn new(counts: Arc<Counts>, placement: Placement, runs: RunTimes, seed: u64) -> Self {
        Self {
            counts,
            placement,
            runs,
            rng: split(seed, "trace placement"),
            minute: 0,
            rows: Vec::new(),
            keys: Vec::new(),
            handed: 0,
        }
    }

    fn expand(&mut self) {
        self.keys.clear();
        self.handed = 0;
        self.counts.minute(self.minute, &mut self.rows);
        for (row, count) in self.rows.iter().enumerate() {
            let keys = &mut self.keys;
            self.placement.offsets(count.calls, &mut self.rng, |offset| {
                keys.push((offset << ROW_BITS) | row as u64);
            });
        }
        self.keys.sort_unstable();
        self.minute += 1;
    }
}

impl ArrivalStream for MinuteStream {
    fn fill(&mut self, chunk: &mut Vec<Arrival>) -> Result<(), TraceError> {
        chunk.clear();
        while self.handed == self.keys.len() {
            if self.minute == self.counts.minutes() {
                return Ok(());
            }
            self.expand();
        }
        let end = self.keys.len().min(self.handed + CHUNK);
        let start = (self.minute as u64 - 1) * MINUTE_NANOS;
        for &key in &self.keys[self.handed..end] {
            let row = key & ((1 << ROW_BITS) - 1);
            let function = FunctionId(self.rows[row as usize].function);
            let at = Instant::from_nanos(start + (key >> ROW_BITS));
            chunk.push(Arrival { at, function, run: self.runs.next(function) });
        }
        self.handed = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counts::CountsBuilder;

    fn stream(placement: Placement, seed: u64) -> Vec<Arrival> {
        let mut builder = CountsBuilder::default();
        builder.begin(3);
        for (minute, function, calls) in [(0, 1, 3), (0, 0, 2), (2, 1, 20_000), (2, 0, 1)] {
            builder.add(minute, function, calls).unwrap();
        }
        let runs = RunTimes::average(vec![Span::from_secs(1), Span::from_secs(2)]);
        let mut stream = MinuteStream::new(Arc::new(builder.finish()), placement, runs, seed);
        let (mut all, mut chunk) = (Vec::new(), Vec::new());
        loop {
            stream.fill(&mut chunk).unwrap();
            if chunk.is_empty() {
                return all;
            }
            all.extend_from_slice(&chunk);
        }
    }

    #[test]
    fn minutes_keep_their_counts_and_time_never_goes_back() {
        for placement in Placement::ALL {
            let all = stream(placement, 1);
            assert!(all.is_sorted_by_key(|arrival| arrival.at), "{placement}");
            let count = |minute, function| {
                all.iter()
                    .filter(|a| a.at.nanos() / MINUTE_NANOS == minute && a.function.0 == function)
                    .count()
            };
            assert_eq!([count(0, 0), count(0, 1), count(1, 0), count(1, 1)], [2, 3, 0, 0]);
            assert_eq!([count(2, 0), count(2, 1), all.len()], [1, 20_000, 20_006]);
        }
    }

    #[test]
    fn ties_keep_the_order_of_functions() {
        let all = stream(Placement::Start, 1);
        assert!(all.is_sorted_by_key(|arrival| (arrival.at, arrival.function)));
        assert_eq!(all[0].run, Span::from_secs(1));
    }

    #[test]
    fn the_seed_decides() {
        assert_eq!(stream(Placement::Burst, 1), stream(Placement::Burst, 1));
        assert_ne!(stream(Placement::Burst, 1), stream(Placement::Burst, 2));
        assert_eq!(stream(Placement::Even, 1), stream(Placement::Even, 2));
    }
}
