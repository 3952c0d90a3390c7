//! When a function is called next, for policies that are allowed to know.
//!
//! A clairvoyant policy is no bound, since its greed may be wrong, but it shows what
//! knowing the future is worth to a policy that evicts one instance at a time. It needs
//! every call of the trace, so unlike the bounds this room grows with the trace: about
//! five bytes per call, and a limit beyond which it refuses. The times are written once
//! and shared; each run reads them with cursors of its own.

use std::collections::VecDeque;
use std::sync::Arc;

use swell_core::ids::FunctionId;
use swell_core::time::Instant;
use swell_core::units::Bytes;
use swell_trace::arrival::{Arrival, ArrivalStream};

use crate::bound::input::BoundError;

/// The calls of each function, as distances in nanoseconds of variable length.
#[derive(Debug)]
pub struct Foreknowledge {
    functions: Vec<Times>,
    limit: Bytes,
    bytes: u64,
    calls: u64,
}

/// The calls of one function.
#[derive(Debug, Default)]
struct Times {
    /// Distances from call to call, seven bits a byte, the lowest first; all bytes of a
    /// distance but its last have the high bit set (LEB128).
    distances: Vec<u8>,
    last: u64,
}

impl Foreknowledge {
    /// Nothing known of `functions` functions; at most about `limit` will be taken for
    /// what is recorded.
    pub fn new(functions: usize, limit: Bytes) -> Self {
        let functions = std::iter::repeat_with(Times::default).take(functions).collect();
        Self { functions, limit, bytes: 0, calls: 0 }
    }

    /// Reads a whole trace of `functions` functions.
    pub fn read(
        stream: &mut dyn ArrivalStream,
        functions: usize,
        limit: Bytes,
    ) -> Result<Self, BoundError> {
        let mut known = Self::new(functions, limit);
        let mut chunk = Vec::new();
        loop {
            stream.fill(&mut chunk)?;
            if chunk.is_empty() {
                known.shrink();
                return Ok(known);
            }
            for arrival in &chunk {
                known.record(arrival)?;
            }
        }
    }

    /// Writes down the next call of the trace.
    pub fn record(&mut self, arrival: &Arrival) -> Result<(), BoundError> {
        let known = self.functions.len();
        let last = self.functions.get(arrival.function.index()).map_or(0, |times| times.last);
        BoundError::check(arrival.function, known, arrival.at, Instant::from_nanos(last))?;
        if self.bytes >= self.limit.get() {
            return Err(BoundError::OverLimit { limit: self.limit, calls: self.calls });
        }
        let times = &mut self.functions[arrival.function.index()];
        let before = times.distances.capacity();
        write_distance(&mut times.distances, arrival.at.nanos() - times.last);
        times.last = arrival.at.nanos();
        self.bytes += (times.distances.capacity() - before) as u64;
        self.calls += 1;
        Ok(())
    }

    /// Gives back what lists took in advance.
    fn shrink(&mut self) {
        for times in &mut self.functions {
            times.distances.shrink_to_fit();
        }
        let taken = self.functions.iter().map(|times| times.distances.capacity() as u64);
        self.bytes = taken.sum();
    }

    /// Memory taken by the times; it passes the limit by less than the longest list of
    /// one function.
    pub fn bytes(&self) -> Bytes {
        Bytes::new(self.bytes)
    }

    /// Calls recorded.
    pub fn calls(&self) -> u64 {
        self.calls
    }
}

/// Reads [`Foreknowledge`] along one run. Cursors only move forward, so all questions of
/// a run together cost one pass over the times.
#[derive(Debug)]
pub struct Oracle {
    known: Arc<Foreknowledge>,
    cursors: Vec<Cursor>,
}

/// Where a run stands in the calls of one function.
#[derive(Debug, Clone, Default)]
struct Cursor {
    offset: usize,
    last: u64,
    /// Calls read, but still to come: as many as were asked for.
    ahead: VecDeque<u64>,
}

impl Oracle {
    /// Cursors before the first call.
    pub fn new(known: Arc<Foreknowledge>) -> Self {
        let cursors = vec![Cursor::default(); known.functions.len()];
        Self { known, cursors }
    }

    /// Notes that the next call of `function` has come, so that it is no longer ahead.
    pub fn arrived(&mut self, function: FunctionId) {
        if let Some((cursor, times)) = self.pair(function)
            && cursor.peek(times, 0).is_some()
        {
            cursor.ahead.pop_front();
        }
    }

    /// The call of `function` that comes after `skipped` others, of those not yet noted
    /// as arrived. Of calls at one moment, those that the run has not yet met still count.
    pub fn next(&mut self, function: FunctionId, skipped: usize) -> Option<Instant> {
        let (cursor, times) = self.pair(function)?;
        cursor.peek(times, skipped)
    }

    /// The call of `function` that comes after `skipped` others later than `now`; `now`
    /// must not decrease. All calls at `now` itself count as arrived.
    pub fn next_after(
        &mut self,
        function: FunctionId,
        now: Instant,
        skipped: usize,
    ) -> Option<Instant> {
        let (cursor, times) = self.pair(function)?;
        while cursor.peek(times, 0)? <= now {
            cursor.ahead.pop_front();
        }
        cursor.peek(times, skipped)
    }

    fn pair(&mut self, function: FunctionId) -> Option<(&mut Cursor, &Times)> {
        let cursor = self.cursors.get_mut(function.index())?;
        Some((cursor, self.known.functions.get(function.index())?))
    }
}

impl Cursor {
    /// The call at this position ahead, reading on as far as needed.
    fn peek(&mut self, times: &Times, position: usize) -> Option<Instant> {
        while self.ahead.len() <= position {
            let (distance, offset) = read_distance(&times.distances, self.offset)?;
            self.last += distance;
            self.offset = offset;
            self.ahead.push_back(self.last);
        }
        self.ahead.get(position).map(|&nanos| Instant::from_nanos(nanos))
    }
}

fn write_distance(bytes: &mut Vec<u8>, mut distance: u64) {
    while distance >= 0x80 {
        bytes.push(distance as u8 | 0x80);
        distance >>= 7;
    }
    bytes.push(distance as u8);
}

/// The distance at `offset` and the offset behind it.
fn read_distance(bytes: &[u8], offset: usize) -> Option<(u64, usize)> {
    let mut distance = 0;
    for (position, &byte) in bytes.get(offset..)?.iter().enumerate() {
        distance |= u64::from(byte & 0x7f) << (7 * position);
        if byte & 0x80 == 0 {
            return Some((distance, offset + position + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use swell_core::time::Span;
    use swell_trace::error::TraceError;

    use super::*;

    fn call(at: u64, function: u32) -> Arrival {
        let at = Instant::from_nanos(at);
        Arrival { at, function: FunctionId(function), run: Span::ZERO }
    }

    /// Hands out its calls two at a time.
    struct Pairs(Vec<Arrival>);

    impl ArrivalStream for Pairs {
        fn fill(&mut self, chunk: &mut Vec<Arrival>) -> Result<(), TraceError> {
            chunk.clear();
            chunk.extend(self.0.drain(..self.0.len().min(2)));
            Ok(())
        }
    }

    fn oracle(calls: &[(u64, u32)]) -> Oracle {
        let mut stream = Pairs(calls.iter().map(|&(at, function)| call(at, function)).collect());
        let known = Foreknowledge::read(&mut stream, 2, Bytes::from_mb(1));
        Oracle::new(Arc::new(known.expect("the calls are in order")))
    }

    #[test]
    fn calls_of_one_moment_are_told_apart_by_arrival_only() {
        let calls = [(5, 0), (5, 0), (5, 1), (u64::MAX, 0)];
        let at = |nanos| Some(Instant::from_nanos(nanos));
        let mut seen = oracle(&calls);
        assert_eq!(seen.next(FunctionId(0), 0), at(5));
        seen.arrived(FunctionId(0));
        assert_eq!(seen.next(FunctionId(0), 0), at(5));
        assert_eq!(seen.next(FunctionId(0), 1), at(u64::MAX));
        assert_eq!(seen.next(FunctionId(0), 2), None);
        assert_eq!(seen.next(FunctionId(1), 0), at(5));
        assert_eq!(seen.next(FunctionId(9), 0), None);
        let now = Instant::from_nanos(5);
        assert_eq!(oracle(&calls).next_after(FunctionId(0), now, 0), at(u64::MAX));
        assert_eq!(oracle(&calls).next_after(FunctionId(1), now, 0), None);
    }

    #[test]
    fn refuses_more_than_it_may_know() {
        let mut known = Foreknowledge::new(1, Bytes::new(100));
        let refused = (0..1000u64).map(|at| known.record(&call(at << 20, 0))).find(Result::is_err);
        assert!(matches!(refused, Some(Err(BoundError::OverLimit { .. }))));
        assert!(known.bytes() >= Bytes::new(100) && known.bytes() < Bytes::new(300));
        assert!(matches!(known.record(&call(0, 7)), Err(BoundError::UnknownFunction { .. })));
        assert!(matches!(known.record(&call(0, 0)), Err(BoundError::BackInTime { .. })));
    }

    proptest! {
        #[test]
        fn agrees_with_a_search(
            mut calls in prop::collection::vec((0u64..1 << 40, 0u32..2), 0..60),
            mut asked in prop::collection::vec((0u64..1 << 40, 0u32..2, 0usize..5), 0..60),
        ) {
            calls.sort_unstable();
            asked.sort_unstable();
            let mut oracle = oracle(&calls);
            for (now, function, skipped) in asked {
                let later = calls.iter().filter(|call| call.1 == function && call.0 > now);
                let expected = later.map(|call| Instant::from_nanos(call.0)).nth(skipped);
                let now = Instant::from_nanos(now);
                prop_assert_eq!(oracle.next_after(FunctionId(function), now, skipped), expected);
            }
        }
    }
}
