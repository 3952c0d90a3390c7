//! What a fixed keep-alive time buys when memory is unlimited: cold calls against waste.
//!
//! With unlimited memory functions do not meet, so a policy that unloads an instance a
//! fixed time after its last call is known in closed form from each function's own calls,
//! for a whole list of times in one pass. The points are the curve a pre-warming policy
//! is plotted against, as the space-time bound says nothing about it.
//!
//! The curve is exact, not a bound: a cold call holds its instance for start and run, the
//! instance released last is reused first, one that idled exactly the keep-alive time is
//! still warm. With starts of no length a call is cold if the gap of the all-warm timeline
//! before it exceeds the keep-alive time.
//!
//! Memory grows with functions, times and live instances; the time per call with the
//! number of keep-alive times.

use std::collections::VecDeque;

use serde::Serialize;
use swell_core::time::{Instant, Span};
use swell_trace::arrival::Arrival;

use crate::bound::input::{BoundError, Footprint};

/// One point of the curve.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CurvePoint {
    /// How long an instance is kept after its last call.
    pub keep: Span,
    /// Calls of the trace.
    pub calls: u64,
    /// Cold calls.
    pub cold: u64,
    /// Cold calls in percent of the calls.
    pub cold_pct: f64,
    /// Seconds added to the calls by starts.
    pub added_seconds: f64,
    /// Idle memory over time, in gigabyte-seconds (decimal).
    pub waste_gb_s: f64,
}

/// Runs a fixed keep-alive policy for each of a list of times.
#[derive(Debug)]
pub struct FixedCurve {
    functions: Vec<Footprint>,
    keeps: Vec<Span>,
    /// The pool of function `f` under keep-alive time `k` is at `f x keeps + k`.
    pools: Vec<Pool>,
    before: Instant,
    calls: u64,
}

/// The instances of one function under one keep-alive time, in nanoseconds.
#[derive(Debug, Clone, Default)]
struct Pool {
    /// Ends of the running calls, ascending.
    ends: VecDeque<u64>,
    /// Releases of the idle instances, ascending.
    released: VecDeque<u64>,
    idled: u128,
    cold: u64,
}

impl FixedCurve {
    /// No calls yet, of these functions; one point will be made per time of `keeps`, of
    /// which [`Span::FOREVER`] never unloads.
    pub fn new(functions: &[Footprint], keeps: &[Span]) -> Self {
        Self {
            functions: functions.to_vec(),
            keeps: keeps.to_vec(),
            pools: vec![Pool::default(); functions.len() * keeps.len()],
            before: Instant::ZERO,
            calls: 0,
        }
    }

    /// Takes the next call; a call that is refused leaves everything as it was.
    pub fn observe(&mut self, arrival: &Arrival) -> Result<(), BoundError> {
        let Arrival { at, function, run } = *arrival;
        BoundError::check(function, self.functions.len(), at, self.before)?;
        self.before = at;
        self.calls += 1;
        let cold = self.functions[function.index()].cold;
        let first = function.index() * self.keeps.len();
        for (pool, &keep) in self.pools[first..].iter_mut().zip(&self.keeps) {
            pool.settle(at.nanos(), keep.nanos());
            let warm = pool.take(at.nanos());
            let busy = if warm { run } else { run + cold };
            pool.hold((at + busy).nanos());
        }
        Ok(())
    }

    /// The points, in the order of the times given; waste is counted until `end`.
    pub fn finish(mut self, end: Instant) -> Vec<CurvePoint> {
        let end = end.max(self.before).nanos();
        let mut points: Vec<CurvePoint> = self.keeps.iter().map(|&keep| self.blank(keep)).collect();
        for (index, pool) in self.pools.iter_mut().enumerate() {
            let footprint = &self.functions[index / points.len()];
            let position = index % points.len();
            let point = &mut points[position];
            pool.settle(end, point.keep.nanos());
            pool.stop(end);
            point.cold += pool.cold;
            point.added_seconds += pool.cold as f64 * footprint.cold.secs_f64();
            point.waste_gb_s += pool.idled as f64 / 1e9 * (footprint.memory.get() as f64 / 1e9);
        }
        for point in &mut points {
            point.cold_pct = 100.0 * point.cold as f64 / self.calls.max(1) as f64;
        }
        points
    }

    fn blank(&self, keep: Span) -> CurvePoint {
        CurvePoint {
            keep,
            calls: self.calls,
            cold: 0,
            cold_pct: 0.0,
            added_seconds: 0.0,
            waste_gb_s: 0.0,
        }
    }
}

impl Pool {
    /// Releases what has ended and unloads what has idled longer than `keep`.
    fn settle(&mut self, now: u64, keep: u64) {
        while let Some(&end) = self.ends.front()
            && end <= now
        {
            self.ends.pop_front();
            self.released.push_back(end);
        }
        while let Some(&released) = self.released.front()
            && now - released > keep
        {
            self.released.pop_front();
            self.idled += u128::from(keep);
        }
    }

    /// Takes the instance released last; counts a cold call if there is none.
    fn take(&mut self, now: u64) -> bool {
        match self.released.pop_back() {
            Some(released) => {
                self.idled += u128::from(now - released);
                true
            }
            None => {
                self.cold += 1;
                false
            }
        }
    }

    /// What idles now has idled until `end`.
    fn stop(&mut self, end: u64) {
        let idled = self.released.drain(..).map(|released| u128::from(end - released));
        self.idled += idled.sum::<u128>();
    }

    /// An instance is busy until `end`.
    fn hold(&mut self, end: u64) {
        let position = self.ends.iter().rposition(|&other| other <= end).map_or(0, |last| last + 1);
        self.ends.insert(position, end);
    }
}

#[cfg(test)]
mod tests {
    use swell_core::ids::FunctionId;
    use swell_core::units::Bytes;

    use super::*;

    /// Calls (at, run) in seconds of one function of 1 GB with starts of `cold` seconds;
    /// expects (keep-alive in s, cold calls, waste in GB x s) with the trace ending at 100 s.
    fn check(cold: u64, calls: &[(u64, u64)], expected: &[(u64, u64, f64)]) {
        let footprint = Footprint { memory: Bytes::from_mb(1000), cold: Span::from_secs(cold) };
        let keeps: Vec<Span> = expected.iter().map(|row| Span::from_secs(row.0)).collect();
        let mut curve = FixedCurve::new(&[footprint], &keeps);
        for &(at, run) in calls {
            let at = Instant::from_millis(at * 1000);
            let arrival = Arrival { at, function: FunctionId(0), run: Span::from_secs(run) };
            curve.observe(&arrival).expect("the calls of a test are in order");
        }
        let points = curve.finish(Instant::from_millis(100_000));
        let found: Vec<_> =
            points.iter().map(|p| (p.keep.nanos() / 1_000_000_000, p.cold, p.waste_gb_s)).collect();
        assert_eq!(found, expected);
        for point in points {
            assert_eq!(point.added_seconds, (point.cold * cold) as f64);
        }
    }

    #[test]
    fn a_call_at_the_last_moment_is_warm() {
        let calls = [(0, 1), (11, 1), (23, 1)];
        check(0, &calls, &[(9, 3, 27.0), (10, 2, 30.0), (11, 1, 32.0), (1000, 1, 97.0)]);
    }

    #[test]
    fn a_cold_call_holds_its_instance_longer() {
        // With starts of 5 s the second call finds the first one still starting.
        let calls = [(0, 1), (3, 1), (20, 1)];
        check(0, &calls, &[(60, 1, 2.0 + 16.0 + 60.0)]);
        check(5, &calls, &[(60, 2, 11.0 + 60.0 + 60.0)]);
    }

    #[test]
    fn a_short_call_overtakes_a_long_one() {
        // The long call ends last and is taken first.
        check(0, &[(0, 30), (1, 1), (40, 1)], &[(20, 2, 20.0 + 10.0 + 20.0)]);
    }
}
