//! Whom does the founding simulator evict? Six rules, each over the idle containers.
//!
//! The rules see the idle containers in the order of the pool (oldest container
//! first); sorting is stable, so equal containers leave in that order. Reproduced
//! faults, by name:
//!
//! - **undying TTL**: `CLOUD21`, the report's "dynamic memory TTL", lets nothing
//!   expire. Its time only shields: a container younger than the time is no victim,
//!   and if that leaves too little memory the newcomer is dropped.
//! - **ageless count**: LFU counts the served calls of a function since the start and
//!   never forgets.
//! - **inverted difference**: `RUNTIME_DIFF` evicts the smallest `warm / cold` first,
//!   which is the container that costs most to start again.
//! - **inverted cost**: `COLD_COST` evicts the longest cold run first, the same way.

use crate::faithful::input::Function;
use crate::faithful::twister::Twister;

/// The report's six policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// `CLOUD21`: least recent first, but nobody younger than the time.
    DynamicTtl,
    /// Least recent call first.
    Lru,
    /// Least called function first.
    Lfu,
    /// Smallest ratio of warm to cold run first.
    RuntimeDiff,
    /// Longest cold run first.
    ColdCost,
    /// Any, by Python's dice.
    Random,
}

/// An idle container, as a rule sees it.
#[derive(Debug, Clone, Copy)]
pub struct Idle {
    /// Its place in the pool.
    pub place: usize,
    /// Its function.
    pub function: usize,
    /// Start of its last call, in ms.
    pub last_call_ms: f64,
}

/// What the rules know beside the idle containers.
#[derive(Debug)]
pub struct Scene<'a> {
    /// All functions of the trace.
    pub functions: &'a [Function],
    /// Served calls of each function so far.
    pub served: &'a [u64],
    /// Now, in ms.
    pub now_ms: f64,
    /// Age below which [`Policy::DynamicTtl`] shields a container, in ms.
    pub shield_ms: f64,
}

/// Length of a cold run in ms: `3000 + 1.2 * Maximum`, the report's provider overhead.
pub fn cold_run_ms(function: &Function) -> f64 {
    let run_ms = f64::from(function.cold_ms);
    3_000.0 + run_ms + 0.2 * run_ms
}

/// The report's dynamic time in ms: one minute for each 400 MB of the node, at least
/// six.
pub fn shield_ms(node_mb: u64) -> f64 {
    ((node_mb / 400) as f64 * 60_000.0).max(360_000.0)
}

/// Picks victims from `idle` until `wanted_mb` are free or nobody is left, as places
/// in the pool.
pub fn victims(
    policy: Policy,
    mut idle: Vec<Idle>,
    wanted_mb: u32,
    scene: &Scene<'_>,
    dice: &mut Twister,
) -> Vec<usize> {
    let age = |c: &Idle| c.last_call_ms;
    let ratio = |c: &Idle| run_ratio(&scene.functions[c.function]);
    let cold = |c: &Idle| -cold_run_ms(&scene.functions[c.function]);
    match policy {
        Policy::DynamicTtl => {
            idle.retain(|c| c.last_call_ms + scene.shield_ms < scene.now_ms);
            idle.sort_by(|one, two| age(one).total_cmp(&age(two)));
        }
        Policy::Lru => idle.sort_by(|one, two| age(one).total_cmp(&age(two))),
        Policy::Lfu => idle.sort_by_key(|c| scene.served[c.function]),
        Policy::RuntimeDiff => idle.sort_by(|one, two| ratio(one).total_cmp(&ratio(two))),
        Policy::ColdCost => idle.sort_by(|one, two| cold(one).total_cmp(&cold(two))),
        Policy::Random => return draw(idle, wanted_mb, scene.functions, dice),
    }
    take(idle, wanted_mb, scene.functions)
}

fn run_ratio(function: &Function) -> f64 {
    f64::from(function.warm_ms) / f64::from(function.cold_ms.max(1))
}

fn take(ranked: Vec<Idle>, wanted_mb: u32, functions: &[Function]) -> Vec<usize> {
    let mut freed_mb = 0;
    let mut places = Vec::new();
    for container in ranked {
        if freed_mb >= u64::from(wanted_mb) {
            break;
        }
        freed_mb += u64::from(functions[container.function].mem_mb);
        places.push(container.place);
    }
    places
}

fn draw(
    mut idle: Vec<Idle>,
    wanted_mb: u32,
    functions: &[Function],
    dice: &mut Twister,
) -> Vec<usize> {
    let mut freed_mb = 0;
    let mut places = Vec::new();
    while freed_mb < u64::from(wanted_mb) && !idle.is_empty() {
        let drawn = idle.remove(dice.python_below(idle.len() as u32) as usize);
        freed_mb += u64::from(functions[drawn.function].mem_mb);
        places.push(drawn.place);
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three functions of 10 MB: cold run, warm run and served calls differ.
    const FUNCTIONS: [Function; 3] = [
        Function {
            mem_mb: 10,
            cold_ms: 1_000,
            warm_ms: 900,
        },
        Function {
            mem_mb: 10,
            cold_ms: 5_000,
            warm_ms: 1_000,
        },
        Function {
            mem_mb: 10,
            cold_ms: 9_000,
            warm_ms: 4_500,
        },
    ];

    fn check(policy: Policy, last_calls_ms: [f64; 3], wanted_mb: u32, expected: &[usize]) {
        check_seeded(1, policy, last_calls_ms, wanted_mb, expected);
    }

    fn check_seeded(
        seed: u32,
        policy: Policy,
        last_calls_ms: [f64; 3],
        wanted_mb: u32,
        expected: &[usize],
    ) {
        let idle = (0..3).map(|place| Idle {
            place,
            function: place,
            last_call_ms: last_calls_ms[place],
        });
        let scene = Scene {
            functions: &FUNCTIONS,
            served: &[7, 9, 7],
            now_ms: 400_000.0,
            shield_ms: shield_ms(1_000),
        };
        let dice = &mut Twister::python(seed);
        assert_eq!(
            victims(policy, idle.collect(), wanted_mb, &scene, dice),
            expected
        );
    }

    #[test]
    fn each_rule_has_its_order() {
        let calls_ms = [20.0, 30.0, 10.0];
        check(Policy::Lru, calls_ms, 30, &[2, 0, 1]);
        check(Policy::Lfu, calls_ms, 30, &[0, 2, 1]);
        check(Policy::RuntimeDiff, calls_ms, 30, &[1, 2, 0]);
        check(Policy::ColdCost, calls_ms, 30, &[2, 1, 0]);
        check(Policy::Lru, calls_ms, 11, &[2, 0]);
    }

    #[test]
    fn equal_containers_leave_in_pool_order() {
        check(Policy::Lru, [5.0, 5.0, 5.0], 30, &[0, 1, 2]);
    }

    #[test]
    fn undying_ttl_only_shields_the_young() {
        // 1000 MB give the least time of 6 minutes; at 400 s, calls from 40 s on are young.
        check(Policy::DynamicTtl, [39_999.0, 40_000.0, 10.0], 30, &[2, 0]);
        check(Policy::DynamicTtl, [50_000.0; 3], 30, &[]);
    }

    #[test]
    fn the_time_grows_with_the_node() {
        for (node_mb, minutes) in [(800, 6.0), (2_799, 6.0), (2_800, 7.0), (32_000, 80.0)] {
            assert_eq!(shield_ms(node_mb), minutes * 60_000.0);
        }
    }

    #[test]
    fn random_draws_until_enough_is_free() {
        // random.seed(4): choice of three, of two, of one.
        check_seeded(4, Policy::Random, [0.0; 3], 30, &[0, 2, 1]);
        check_seeded(5, Policy::Random, [0.0; 3], 11, &[2, 1]);
    }
}
