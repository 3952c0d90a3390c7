//! The least cold starts a trace allows: a relaxation of offline caching in space-time.
//!
//! After the space-time view of Berger, Beckmann and Harchol-Balter, "Practical Bounds on
//! Optimal Caching with Variable Object Sizes" (2018), adapted to instances: on the
//! timeline where every call is warm, each idle gap is an item of weight `memory x gap`
//! and value 1 (or the length of the start it saves). A policy that keeps an instance
//! through a gap pays its weight; all of them together pay at most the integral of the
//! memory left beside the running calls. Asking only for the integral, not for every
//! moment, and letting the last item be kept in part, makes the problem a sum over
//! sorted items and its answer a number no policy of the stated kind can undercut.
//!
//! A policy that drops calls wins the room they would have run in. Told how much that
//! is, the bound holds for it as well; not told, `bad_min` (cold and dropped calls
//! together) takes the whole capacity as room and holds for every policy.
//!
//! One pass, any number of capacities, memory for functions and live instances only.

use serde::Serialize;
use swell_core::time::Instant;
use swell_core::units::Bytes;
use swell_trace::arrival::Arrival;

use crate::bound::account::density::Densities;
use crate::bound::account::free::FreeSpace;
use crate::bound::account::timeline::{AllWarm, Start};
use crate::bound::input::{BoundError, Dropped, Footprint};
use crate::bound::validity::{self, Validity};

/// What the calls of a trace demand; fed in order of time.
#[derive(Debug)]
pub struct Demand {
    functions: Vec<Cost>,
    timeline: AllWarm,
    free: FreeSpace,
    /// Gaps, each worth one start.
    starts: Densities,
    /// Gaps, each worth the nanoseconds of a start.
    seconds: Densities,
    before: Instant,
    calls: u64,
    fresh: u64,
    /// Nanoseconds of the starts that cannot be avoided.
    fresh_nanos: u128,
}

/// A footprint as the inner loop wants it.
#[derive(Debug, Clone, Copy)]
struct Cost {
    memory: u64,
    cold: u64,
    cold_inverse: f64,
}

impl From<&Footprint> for Cost {
    fn from(footprint: &Footprint) -> Self {
        let cold = footprint.cold.nanos();
        Self { memory: footprint.memory.get(), cold, cold_inverse: 1.0 / cold as f64 }
    }
}

impl Demand {
    /// No calls yet, of these functions; bounds will be asked for these capacities.
    pub fn new(functions: &[Footprint], capacities: &[Bytes]) -> Self {
        Self {
            functions: functions.iter().map(Cost::from).collect(),
            timeline: AllWarm::new(functions.iter().map(|footprint| footprint.memory)),
            free: FreeSpace::new(capacities.iter().map(|capacity| capacity.get()).collect()),
            starts: Densities::new(),
            seconds: Densities::new(),
            before: Instant::ZERO,
            calls: 0,
            fresh: 0,
            fresh_nanos: 0,
        }
    }

    /// Takes the next call; a call that is refused leaves everything as it was.
    pub fn observe(&mut self, arrival: &Arrival) -> Result<(), BoundError> {
        let Arrival { at, function, run } = *arrival;
        BoundError::check(function, self.functions.len(), at, self.before)?;
        self.before = at;
        while let Some(stretch) = self.timeline.release(at) {
            self.free.add(stretch);
        }
        self.free.add(self.timeline.advance(at));
        self.calls += 1;
        let Cost { memory, cold, cold_inverse } = self.functions[function.index()];
        match self.timeline.start(function, run) {
            Start::Reused(gap) => {
                self.starts.add(memory, gap.nanos(), 1, 1.0);
                self.seconds.add(memory, gap.nanos(), cold, cold_inverse);
            }
            Start::Fresh => {
                self.fresh += 1;
                self.fresh_nanos += u128::from(cold);
            }
        }
        Ok(())
    }

    /// Closes the books. Nothing after the last call matters: no call is left that could
    /// be warm.
    pub fn finish(self) -> SpaceTime {
        SpaceTime { demand: self }
    }
}

/// The bounds of a trace that has been seen to its end.
#[derive(Debug)]
pub struct SpaceTime {
    demand: Demand,
}

/// What no policy of the stated kind can undercut, at one capacity.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bound {
    /// Memory of the machine.
    pub capacity: Bytes,
    /// Calls of the trace.
    pub calls: u64,
    /// Calls the policy dropped, as the bound was told.
    pub dropped: u64,
    /// Least cold starts.
    pub cold_min: u64,
    /// Least cold starts, in percent of the calls not dropped.
    pub cold_pct_min: f64,
    /// Least seconds added to the calls by starts; a bound of its own, which another
    /// policy may reach than the one of fewest starts.
    pub added_seconds_min: f64,
    /// Least calls that are cold or dropped, for policies that may drop.
    pub bad_min: u64,
    /// For whom this holds.
    pub validity: Validity,
}

impl SpaceTime {
    /// The bound for policies that drop nothing, at one of the capacities given at
    /// construction; nothing at others.
    pub fn cold_bound(&self, capacity: Bytes) -> Option<Bound> {
        self.cold_bound_beside(capacity, &Dropped::default())
    }

    /// The bound for a policy that dropped these calls.
    pub fn cold_bound_beside(&self, capacity: Bytes, dropped: &Dropped) -> Option<Bound> {
        let free = &self.demand.free;
        let position = free.capacities().binary_search(&capacity.get()).ok()?;
        let beside_running = free.beside_running(position);
        Some(self.bound(capacity, dropped, beside_running, free.without_running(position)))
    }

    /// The bounds for policies that drop nothing, at all capacities given, ascending.
    pub fn cold_bounds(&self) -> Vec<Bound> {
        let capacities = self.demand.free.capacities();
        capacities.iter().filter_map(|&bytes| self.cold_bound(Bytes::new(bytes))).collect()
    }

    /// The floor below which no amount of memory helps: only calls that find all
    /// instances of their function busy, every earlier call having been warm, are cold.
    ///
    /// The policy that never unloads lies somewhat higher, since its cold calls keep
    /// their instances longer; it is *not* a floor itself, as a start forced early can
    /// spare a policy later ones.
    pub fn never_unload(&self) -> Bound {
        self.bound(Bytes::MAX, &Dropped::default(), u128::MAX, u128::MAX)
    }

    /// Most memory of calls running at one moment, all of them warm: with less capacity
    /// every policy drops or delays calls.
    pub fn peak_running(&self) -> Bytes {
        self.demand.timeline.peak_running()
    }

    /// Most memory of all instances if none is ever unloaded, all calls being warm.
    pub fn peak_pool(&self) -> Bytes {
        self.demand.timeline.pool()
    }

    /// Calls seen.
    pub fn calls(&self) -> u64 {
        self.demand.calls
    }

    /// The bound for given rooms in byte-nanoseconds.
    fn bound(
        &self,
        capacity: Bytes,
        dropped: &Dropped,
        beside_running: u128,
        without_running: u128,
    ) -> Bound {
        let Demand { starts, seconds, calls, fresh, fresh_nanos, .. } = &self.demand;
        let not_warm = |room| *fresh + (starts.value() - starts.fit(room)) as u64;
        let room = beside_running.saturating_add(dropped.room);
        let cold_min = not_warm(room).saturating_sub(dropped.calls);
        let not_saved = *fresh_nanos + (seconds.value() - seconds.fit(room));
        Bound {
            capacity,
            calls: *calls,
            dropped: dropped.calls,
            cold_min,
            cold_pct_min: percent(cold_min, calls.saturating_sub(dropped.calls)),
            added_seconds_min: not_saved.saturating_sub(dropped.start_nanos) as f64 / 1e9,
            bad_min: not_warm(without_running),
            validity: Validity {
                cold: validity::COLD,
                bad: validity::BAD,
                fits: self.peak_running() <= capacity,
            },
        }
    }
}

/// `part` of `whole` in percent; of nothing, nothing.
fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use swell_core::ids::FunctionId;
    use swell_core::time::Span;

    use super::*;

    /// Functions as (bytes, start in s), calls as (at, function, run) in s; expects
    /// (capacity, cold, added seconds, bad) per capacity.
    fn check(
        functions: &[(u64, u64)],
        calls: &[(u64, u32, u64)],
        expected: &[(u64, u64, f64, u64)],
    ) {
        let functions: Vec<Footprint> = functions
            .iter()
            .map(|&(bytes, cold)| Footprint {
                memory: Bytes::new(bytes),
                cold: Span::from_secs(cold),
            })
            .collect();
        let capacities: Vec<Bytes> = expected.iter().map(|row| Bytes::new(row.0)).collect();
        let mut demand = Demand::new(&functions, &capacities);
        for &(at, function, run) in calls {
            let at = Instant::from_millis(at * 1000);
            let arrival = Arrival { at, function: FunctionId(function), run: Span::from_secs(run) };
            demand.observe(&arrival).expect("the calls of a test are in order");
        }
        let bounds = demand.finish();
        for &(capacity, cold, added, bad) in expected {
            let bound = bounds.cold_bound(Bytes::new(capacity)).expect("it was registered");
            let found = (capacity, bound.cold_min, bound.added_seconds_min, bound.bad_min);
            assert_eq!(found, (capacity, cold, added, bad));
        }
    }

    #[test]
    fn nothing_asked_nothing_owed() {
        check(&[(1, 1)], &[], &[(0, 0, 0.0, 0), (u64::MAX, 0, 0.0, 0)]);
    }

    #[test]
    fn one_function_needs_room_for_one_instance() {
        // Two gaps of 9 s. With nothing free both are lost, with one byte none is.
        let calls = [(0, 0, 1), (10, 0, 1), (20, 0, 1)];
        check(&[(1, 2)], &calls, &[(0, 3, 6.0, 3), (1, 1, 2.0, 1), (9, 1, 2.0, 1)]);
    }

    #[test]
    fn two_functions_in_turn_share_room_for_one() {
        // A and B every 2 s in turn, running 1 s: two gaps of 3. At capacity 1 the room
        // beside the calls is 3, once there is something to keep; beside none it is 5.
        let calls = [(0, 0, 1), (2, 1, 1), (4, 0, 1), (6, 1, 1)];
        check(&[(1, 1), (1, 1)], &calls, &[(1, 3, 3.0, 3), (2, 2, 2.0, 2)]);
    }

    #[test]
    fn the_dear_start_and_the_many_starts_are_two_bounds() {
        // One long gap of a function with a dear start; four short gaps of a cheap one.
        // The room beside running calls takes all short gaps or most of the long one.
        let calls =
            [(0, 0, 0), (0, 1, 0), (10, 1, 0), (20, 1, 0), (30, 1, 0), (40, 1, 0), (40, 0, 0)];
        check(&[(1, 100), (1, 1)], &calls, &[(1, 3, 105.0, 3), (2, 2, 101.0, 2)]);
    }

    #[test]
    fn refuses_and_goes_on() {
        let footprint = Footprint { memory: Bytes::new(1), cold: Span::ZERO };
        let mut demand = Demand::new(&[footprint], &[]);
        let call = |at, function| Arrival {
            at: Instant::from_nanos(at),
            function: FunctionId(function),
            run: Span::FOREVER,
        };
        assert!(demand.observe(&call(5, 0)).is_ok());
        assert!(matches!(demand.observe(&call(6, 1)), Err(BoundError::UnknownFunction { .. })));
        assert!(matches!(demand.observe(&call(4, 0)), Err(BoundError::BackInTime { .. })));
        assert!(demand.observe(&call(u64::MAX, 0)).is_ok());
        let bounds = demand.finish();
        assert_eq!(bounds.calls(), 2);
        assert!(bounds.cold_bound(Bytes::ZERO).is_none());
    }
}
