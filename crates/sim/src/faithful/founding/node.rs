//! How does the founding simulator serve a call? One node, one list of containers.
//!
//! A call takes the first idle container of its function in the list, or starts a new
//! one, or is dropped; there is no queue, no limit on processors, and nothing happens
//! between calls. Times are the originals' floating milliseconds. Reproduced faults,
//! by name (those of single rules are listed in `policy`):
//!
//! - **over-eviction**: on a miss with too little free memory the newcomer's whole
//!   size is freed, not the shortfall; free memory counts for nothing.
//! - **evict then drop**: victims stay evicted even if the newcomer then does not fit.
//! - **start stamp**: recency is the start of the last call, not its end, so a
//!   container that worked for long looks old.
//! - **cold storm**: a cold run takes `3000 + 1.2 * Maximum` ms, and every call that
//!   arrives meanwhile starts one more container.

use crate::faithful::founding::policy::{self, Idle, Policy, Scene};
use crate::faithful::input::{Call, Function, Input};
use crate::faithful::outcome::{Outcome, Tally};
use crate::faithful::twister::Twister;

/// Runs the whole trace on an empty node of `memory_mb`.
pub fn run(policy: Policy, memory_mb: u64, seed: u32, input: &Input) -> Outcome {
    let mut node = Node::new(policy, memory_mb, seed, input.functions());
    for call in input.calls() {
        node.on_call(call);
    }
    Outcome::new(input, &node.tallies, node.evictions, policy::cold_run_ms)
}

#[derive(Debug, Clone, Copy)]
struct Container {
    function: usize,
    last_call_ms: f64,
    /// End of the current call, if one is running.
    busy_until_ms: Option<f64>,
}

struct Node<'a> {
    functions: &'a [Function],
    policy: Policy,
    memory_mb: u64,
    used_mb: u64,
    pool: Vec<Container>,
    served: Vec<u64>,
    tallies: Vec<Tally>,
    evictions: u64,
    dice: Twister,
}

impl<'a> Node<'a> {
    fn new(policy: Policy, memory_mb: u64, seed: u32, functions: &'a [Function]) -> Self {
        Self {
            functions,
            policy,
            memory_mb,
            used_mb: 0,
            pool: Vec::new(),
            served: vec![0; functions.len()],
            tallies: vec![Tally::default(); functions.len()],
            evictions: 0,
            dice: Twister::python(seed),
        }
    }

    fn on_call(&mut self, call: &Call) {
        self.release_finished(call.t_ms);
        match self.find_idle(call.function) {
            Some(place) => self.serve_warm(place, call),
            None => self.serve_cold(call),
        }
    }

    fn release_finished(&mut self, now_ms: f64) {
        for container in &mut self.pool {
            container.busy_until_ms = container.busy_until_ms.filter(|&end| now_ms < end);
        }
    }

    fn find_idle(&self, function: usize) -> Option<usize> {
        self.pool
            .iter()
            .position(|c| c.function == function && c.busy_until_ms.is_none())
    }

    fn serve_warm(&mut self, place: usize, call: &Call) {
        let warm_ms = f64::from(self.functions[call.function].warm_ms);
        self.pool[place].last_call_ms = call.t_ms;
        self.pool[place].busy_until_ms = Some(call.t_ms + warm_ms);
        self.served[call.function] += 1;
        self.tallies[call.function].warm += 1;
    }

    fn serve_cold(&mut self, call: &Call) {
        let function = self.functions[call.function];
        if !self.fits(function.mem_mb) {
            self.evict(function.mem_mb, call.t_ms);
        }
        if !self.fits(function.mem_mb) {
            self.tallies[call.function].dropped += 1;
            return;
        }
        self.used_mb += u64::from(function.mem_mb);
        self.pool.push(Container {
            function: call.function,
            last_call_ms: call.t_ms,
            busy_until_ms: Some(call.t_ms + policy::cold_run_ms(&function)),
        });
        self.served[call.function] += 1;
        self.tallies[call.function].cold += 1;
    }

    fn fits(&self, mem_mb: u32) -> bool {
        self.used_mb + u64::from(mem_mb) <= self.memory_mb
    }

    /// Frees the newcomer's whole size, whatever is free already.
    fn evict(&mut self, wanted_mb: u32, now_ms: f64) {
        let idle = self.pool.iter().enumerate();
        let idle = idle.filter(|(_, c)| c.busy_until_ms.is_none());
        let idle = idle.map(|(place, c)| Idle {
            place,
            function: c.function,
            last_call_ms: c.last_call_ms,
        });
        let scene = Scene {
            functions: self.functions,
            served: &self.served,
            now_ms,
            shield_ms: policy::shield_ms(self.memory_mb),
        };
        let idle = idle.collect();
        let mut places = policy::victims(self.policy, idle, wanted_mb, &scene, &mut self.dice);
        self.evictions += places.len() as u64;
        places.sort_unstable_by(|one, two| two.cmp(one));
        for place in places {
            let victim = self.pool.remove(place);
            self.used_mb -= u64::from(self.functions[victim.function].mem_mb);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Functions by (MB, cold ms, warm ms), calls by (second, function); expected are
    /// warm, cold, dropped and evictions.
    fn check(
        policy: Policy,
        memory_mb: u64,
        functions: &[(u32, u32, u32)],
        calls: &[(f64, usize)],
        expected: (u64, u64, u64, u64),
    ) {
        let functions = functions
            .iter()
            .map(|&(mem_mb, cold_ms, warm_ms)| Function {
                mem_mb,
                cold_ms,
                warm_ms,
            });
        let calls = calls.iter().map(|&(second, function)| Call {
            t_ms: second * 1_000.0,
            function,
        });
        let input = Input::new(functions.collect(), calls.collect()).unwrap();
        let o = run(policy, memory_mb, 1, &input);
        assert_eq!((o.warm, o.cold, o.dropped, o.evictions), expected);
    }

    #[test]
    fn over_eviction_frees_the_size_not_the_shortfall() {
        // 90 of 100 MB used; 40 MB arrive and 30 are missing. One victim of 30 MB would
        // do, two leave.
        let functions = [(30, 0, 0), (30, 0, 0), (30, 0, 0), (40, 0, 0)];
        let calls = [(0.0, 0), (10.0, 1), (20.0, 2), (30.0, 3)];
        check(Policy::Lru, 100, &functions, &calls, (0, 4, 0, 2));
    }

    #[test]
    fn evict_then_drop_loses_the_victim_in_vain() {
        // Function 1 still runs at second 30, function 0 is idle: it leaves, 60 MB do
        // not fit all the same, and its next call is cold.
        let functions = [(30, 0, 0), (50, 100_000, 0), (60, 0, 0)];
        let calls = [(0.0, 0), (10.0, 1), (30.0, 2), (40.0, 0)];
        check(Policy::Lru, 100, &functions, &calls, (0, 3, 1, 1));
    }

    #[test]
    fn start_stamp_makes_a_long_run_look_old() {
        // Function 0 runs from 0 to 63 s and is free last, function 1 from 10 to 13 s.
        // Recency by the end would evict 1; the stamp of the start evicts 0.
        let functions = [(50, 50_000, 0), (50, 0, 0), (50, 0, 0)];
        let calls = [(0.0, 0), (10.0, 1), (70.0, 2), (80.0, 1)];
        check(Policy::Lru, 100, &functions, &calls, (1, 3, 0, 1));
    }

    #[test]
    fn the_oldest_clone_serves_when_idle() {
        // Two clones, born at 0 and 1 s. The call at 20 s renews the older one, so at
        // 360.5 s nobody has been idle for six minutes yet.
        let functions = [(40, 0, 0), (40, 0, 0)];
        let calls = [(0.0, 0), (1.0, 0), (20.0, 0), (360.5, 1)];
        check(Policy::DynamicTtl, 100, &functions, &calls, (1, 2, 1, 0));
    }

    #[test]
    fn cold_storm_starts_one_container_for_each_waiting_call() {
        // Maximum 10 s means 15 s cold: four calls in 15 s start four containers.
        let functions = [(10, 10_000, 100)];
        let calls = [(0.0, 0), (5.0, 0), (10.0, 0), (14.9, 0), (15.0, 0)];
        check(Policy::Lru, 100, &functions, &calls, (1, 4, 0, 0));
    }

    #[test]
    fn undying_ttl_never_expires() {
        // A day later the container is still there.
        let calls = [(0.0, 0), (86_400.0, 0)];
        check(Policy::DynamicTtl, 100, &[(10, 0, 0)], &calls, (1, 1, 0, 0));
    }

    #[test]
    fn undying_ttl_drops_instead_of_evicting_the_young() {
        let functions = [(60, 0, 0), (60, 0, 0)];
        let calls = [(0.0, 0), (300.0, 1), (310.0, 0)];
        check(Policy::DynamicTtl, 100, &functions, &calls, (1, 1, 1, 0));
        check(Policy::Lru, 100, &functions, &calls, (0, 3, 0, 2));
        // At 6 minutes it is not yet old enough, just after it is.
        let late = [(0.0, 0), (360.0, 1), (360.1, 1)];
        check(Policy::DynamicTtl, 100, &functions, &late, (0, 2, 1, 1));
    }

    #[test]
    fn a_call_at_the_very_end_of_a_run_finds_the_container_free() {
        let calls = [(0.0, 0), (4.2, 0)];
        check(Policy::Lru, 100, &[(10, 1_000, 0)], &calls, (1, 1, 0, 0));
    }
}
