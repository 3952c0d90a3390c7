//! No demand policy whatever stands below the bound: on small traces all are tried.

use proptest::prelude::*;
use swell_core::ids::FunctionId;
use swell_core::time::{Instant, Span};
use swell_core::units::Bytes;
use swell_trace::arrival::Arrival;

use crate::bound::input::{Dropped, Footprint};
use crate::bound::relaxation::{Demand, SpaceTime};

/// A small world: functions as (bytes, start), calls as (at, function, run), in seconds.
#[derive(Debug, Clone)]
struct World {
    functions: Vec<(u64, u64)>,
    calls: Vec<(u64, usize, u64)>,
}

/// What a strategy has cost so far.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    cold: u64,
    added: u64,
    /// The dropped calls, a bit each.
    dropped: usize,
}

/// The least cold calls and added seconds of any strategy that dropped the same calls.
type Least = Option<(u64, u64)>;

/// An instance: its function and the second from which it idles.
type Instance = (usize, u64);

/// Tries, before each call, to unload every subset of the idle instances, and then to
/// serve the call (on an idle instance, or else by a start, if memory allows) or drop it.
fn explore(
    world: &World,
    capacity: u64,
    next: usize,
    alive: &[Instance],
    cost: Cost,
    best: &mut [Least],
) {
    let Some(&(at, function, run)) = world.calls.get(next) else {
        let least = best[cost.dropped].get_or_insert((u64::MAX, u64::MAX));
        *least = (least.0.min(cost.cold), least.1.min(cost.added));
        return;
    };
    let idle: Vec<usize> = (0..alive.len()).filter(|&index| alive[index].1 <= at).collect();
    for unloaded in 0..1u32 << idle.len() {
        let gone = |index| {
            idle.iter()
                .position(|&other| other == index)
                .is_some_and(|bit| unloaded >> bit & 1 == 1)
        };
        let mut kept: Vec<Instance> =
            (0..alive.len()).filter(|&index| !gone(index)).map(|index| alive[index]).collect();
        let dropped = Cost { dropped: cost.dropped | 1 << next, ..cost };
        explore(world, capacity, next + 1, &kept, dropped, best);
        let (memory, cold) = world.functions[function];
        let warm = kept.iter().position(|&(other, from)| other == function && from <= at);
        if let Some(position) = warm {
            kept[position].1 = at + run;
            explore(world, capacity, next + 1, &kept, cost, best);
            continue;
        }
        let used: u64 = kept.iter().map(|&(other, _)| world.functions[other].0).sum();
        if used + memory <= capacity {
            kept.push((function, at + cold + run));
            let started = Cost { cold: cost.cold + 1, added: cost.added + cold, ..cost };
            explore(world, capacity, next + 1, &kept, started, best);
        }
    }
}

fn footprint(&(bytes, cold): &(u64, u64)) -> Footprint {
    Footprint { memory: Bytes::new(bytes), cold: Span::from_secs(cold) }
}

fn bounds(world: &World, capacities: &[u64]) -> SpaceTime {
    let functions: Vec<Footprint> = world.functions.iter().map(footprint).collect();
    let capacities: Vec<Bytes> = capacities.iter().map(|&bytes| Bytes::new(bytes)).collect();
    let mut demand = Demand::new(&functions, &capacities);
    for &(at, function, run) in &world.calls {
        let arrival = Arrival {
            at: Instant::from_millis(at * 1000),
            function: FunctionId(function as u32),
            run: Span::from_secs(run),
        };
        demand.observe(&arrival).expect("a world's calls are in order");
    }
    demand.finish()
}

fn worlds(calls: usize) -> impl Strategy<Value = World> {
    let functions = prop::collection::vec((1u64..4, 0u64..4), 3);
    let calls = prop::collection::vec((0u64..16, 0usize..3, 0u64..4), 0..=calls);
    (functions, calls).prop_map(|(functions, mut calls)| {
        calls.sort_by_key(|call| call.0);
        World { functions, calls }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_strategy_stands_below(world in worlds(8), capacity in 1u64..8) {
        let mut best = vec![None; 1 << world.calls.len()];
        explore(&world, capacity, 0, &[], Cost::default(), &mut best);
        let bounds = bounds(&world, &[capacity]);
        for (mask, least) in best.iter().enumerate() {
            let Some((cold, added)) = *least else { continue };
            let mut dropped = Dropped::default();
            for (_, &(_, function, run)) in
                world.calls.iter().enumerate().filter(|(call, _)| mask >> call & 1 == 1)
            {
                dropped.add(footprint(&world.functions[function]), Span::from_secs(run));
            }
            let bound = bounds.cold_bound_beside(Bytes::new(capacity), &dropped);
            let bound = bound.expect("the capacity was registered");
            prop_assert!(bound.cold_min <= cold, "{cold} cold, {bound:?}");
            prop_assert!(bound.added_seconds_min <= added as f64, "{added} s added, {bound:?}");
            prop_assert!(bound.bad_min <= cold + bound.dropped, "{cold} cold, {bound:?}");
            prop_assert!(bound.validity.fits || mask != 0, "all served, {bound:?}");
        }
    }

    #[test]
    fn more_memory_never_needs_more_starts(world in worlds(40)) {
        let capacities: Vec<u64> = (0..60).chain([u64::MAX]).collect();
        let bounds = bounds(&world, &capacities);
        let rows = bounds.cold_bounds();
        for pair in rows.windows(2) {
            prop_assert!(pair[1].cold_min <= pair[0].cold_min);
            prop_assert!(pair[1].added_seconds_min <= pair[0].added_seconds_min);
            prop_assert!(pair[1].bad_min <= pair[0].bad_min);
        }
        for row in &rows {
            prop_assert!(row.bad_min <= row.cold_min);
            prop_assert!(row.cold_min <= row.calls);
            prop_assert_eq!(row.validity.fits, bounds.peak_running() <= row.capacity);
            if row.capacity >= bounds.peak_pool() {
                prop_assert_eq!(row.cold_min, bounds.never_unload().cold_min);
                prop_assert_eq!(row.bad_min, bounds.never_unload().bad_min);
            }
        }
    }
}
