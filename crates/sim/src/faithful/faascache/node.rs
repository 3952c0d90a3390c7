//! How does FaasCache's simulator serve a call? One node, one heap of containers.
//!
//! Each call first releases what has finished, then takes the first idle container of
//! its function in the heap's list, or starts a new one, or is dropped; at the end all
//! containers of the function get one new priority and the heap is rebuilt. Reproduced
//! faults, by name (more in `policy` and `histogram`):
//!
//! - **over-eviction**: on a miss with too little free memory the newcomer's whole
//!   size is freed, not the shortfall.
//! - **evict then drop**: victims stay evicted even if the newcomer then does not fit.
//! - **start stamp**: recency is the start of the last call, not its end.
//! - **shared priority**: a call renews the priority of *all* clones of its function,
//!   so an idle surplus clone of a busy function is never the victim.
//! - **lazy expiry**: `TTL` and `HIST` look at ages only when the same function is
//!   called; memory of functions that no longer come is never released by time.
//! - **inverted warm-up**: `HIST` adds a container of a function at *every* call of any
//!   function *until* the due time, as long as memory is free and however many there
//!   are, and none when it is due.
//! - **unload at finish**: a container of a function with a warm-up time is destroyed
//!   the moment it finishes.
//! - **rent from the running**: Landlord's rent is set by the poorest container, even
//!   if it is running and cannot leave.

use crate::faithful::faascache::histogram::Histogram;
use crate::faithful::faascache::policy::{Policy, Worth};
use crate::faithful::faascache::pool::Pool;
use crate::faithful::input::{Call, Function, Input};
use crate::faithful::outcome::{Outcome, Tally};
use crate::faithful::twister::Twister;

/// Runs the whole trace on an empty node of `memory_mb`.
pub fn run(policy: Policy, memory_mb: u64, seed: u32, input: &Input) -> Outcome {
    let mut node = Node::new(policy, memory_mb, seed, input.functions());
    for call in input.calls() {
        node.on_call(call);
    }
    let cold_run_ms = |f: &Function| f64::from(f.cold_ms);
    Outcome::new(input, &node.tallies, node.evictions, cold_run_ms)
}

#[derive(Debug, Clone, Copy)]
struct Running {
    container: usize,
    function: usize,
    end_ms: f64,
}

struct Node<'a> {
    functions: &'a [Function],
    policy: Policy,
    /// Priority of the last victim.
    clock: f64,
    pool: Pool<'a>,
    /// In order of start.
    running: Vec<Running>,
    /// Of the functions called so far.
    histograms: Vec<Option<Histogram>>,
    /// The functions in order of their first call.
    seen: Vec<usize>,
    tallies: Vec<Tally>,
    evictions: u64,
    dice: Twister,
}

impl<'a> Node<'a> {
    fn new(policy: Policy, memory_mb: u64, seed: u32, functions: &'a [Function]) -> Self {
        Self {
            functions,
            policy,
            clock: 0.0,
            pool: Pool::new(functions, memory_mb),
            running: Vec::new(),
            histograms: vec![None; functions.len()],
            seen: Vec::new(),
            tallies: vec![Tally::default(); functions.len()],
            evictions: 0,
            dice: Twister::numpy(seed),
        }
    }

    fn on_call(&mut self, call: &Call) {
        self.release_finished(call.t_ms);
        if self.policy == Policy::Histogram {
            self.warm_up(call.t_ms);
            self.learn(call);
        }
        let function = self.functions[call.function];
        if let Some(container) = self.find_idle(call) {
            self.tallies[call.function].warm += 1;
            self.start(container, call, function.warm_ms);
        } else if let Some(container) = self.make_room_and_add(call) {
            self.tallies[call.function].cold += 1;
            self.start(container, call, function.cold_ms);
        } else {
            self.tallies[call.function].dropped += 1;
        }
    }

    fn release_finished(&mut self, now_ms: f64) {
        let finished: Vec<Running> = self
            .running
            .extract_if(.., |r| now_ms >= r.end_ms)
            .collect();
        for done in finished {
            self.pool.finish(done.container);
            let histogram = self.histograms[done.function].as_ref();
            if histogram.is_some_and(Histogram::unloads) {
                self.pool.remove(done.container);
            }
        }
        self.pool.rebuild();
    }

    /// Adds a container of each function whose due time is **not yet** over.
    fn warm_up(&mut self, now_ms: f64) {
        let due = |function: &usize| self.histograms[*function].as_ref()?.warm_due_ms();
        let early = |function: &usize| due(function).is_some_and(|due_ms| due_ms >= now_ms);
        let to_warm: Vec<usize> = self.seen.iter().copied().filter(early).collect();
        for function in to_warm {
            self.add(function, now_ms);
        }
    }

    fn learn(&mut self, call: &Call) {
        match &mut self.histograms[call.function] {
            Some(histogram) => histogram.on_call(call.t_ms),
            unseen => {
                *unseen = Some(Histogram::new(call.t_ms));
                self.seen.push(call.function);
            }
        }
    }

    /// The first idle container of the function that is not too old. Too old ones are
    /// purged here and nowhere else.
    fn find_idle(&mut self, call: &Call) -> Option<usize> {
        let own = self
            .pool
            .list()
            .iter()
            .filter(|e| e.function == call.function);
        let mut idle = own
            .map(|e| e.container)
            .filter(|&container| !self.pool.container(container).running);
        match self.keep_ms(call.function) {
            None => idle.next(),
            Some(keep_ms) => {
                let idle = idle.collect();
                self.purge(idle, keep_ms, call.t_ms)
            }
        }
    }

    fn keep_ms(&self, function: usize) -> Option<f64> {
        let histogram = self.histograms[function].as_ref();
        let learned_ms = || histogram.map(Histogram::keep_ms);
        self.policy.fixed_ttl_ms().or_else(learned_ms)
    }

    /// Removes the old among `idle` and returns the first of the young.
    fn purge(&mut self, idle: Vec<usize>, keep_ms: f64, now_ms: f64) -> Option<usize> {
        let last_ms = |container: usize| self.pool.container(container).last_access_ms;
        let is_old = |&container: &usize| last_ms(container) + keep_ms < now_ms;
        let any_idle = !idle.is_empty();
        let (old, young): (Vec<usize>, Vec<usize>) = idle.into_iter().partition(is_old);
        self.evictions += old.len() as u64;
        for container in old {
            self.pool.remove(container);
        }
        // The purge of a fixed age ends with one more rebuild, that of `HIST` does not.
        if any_idle && self.policy.fixed_ttl_ms().is_some() {
            self.pool.rebuild();
        }
        young.first().copied()
    }

    fn make_room_and_add(&mut self, call: &Call) -> Option<usize> {
        if !self.pool.fits(call.function) {
            self.evict(call.function);
        }
        let container = self.add(call.function, call.t_ms)?;
        self.pool.rebuild();
        Some(container)
    }

    /// Frees the newcomer's whole size, whatever is free already.
    fn evict(&mut self, newcomer: usize) {
        if self.running.len() == self.pool.list().len() {
            return;
        }
        if self.policy == Policy::Landlord {
            self.pool.charge_rent();
        }
        let (gone, last_priority) = self.pool.pop_idle(self.functions[newcomer].mem_mb);
        self.evictions += gone;
        self.clock = last_priority.unwrap_or(self.clock);
    }

    fn add(&mut self, function: usize, now_ms: f64) -> Option<usize> {
        if !self.pool.fits(function) {
            return None;
        }
        let priority = self.priority(function, now_ms);
        Some(self.pool.add(function, priority, now_ms))
    }

    fn start(&mut self, container: usize, call: &Call, run_ms: u32) {
        self.pool.start(container, call.function, call.t_ms);
        self.running.push(Running {
            container,
            function: call.function,
            end_ms: call.t_ms + f64::from(run_ms),
        });
        let priority = self.priority(call.function, call.t_ms);
        self.pool.share_priority(call.function, priority);
    }

    fn priority(&mut self, function: usize, last_access_ms: f64) -> f64 {
        let worth = Worth {
            function: &self.functions[function],
            clock: self.clock,
            uses: self.pool.uses(function),
            last_access_ms,
        };
        self.policy.priority(&worth, &mut self.dice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Functions by (MB, cold ms, warm ms), calls by (second, function); expected are
    /// warm, cold, dropped and evictions.
    fn check(
        policy: Policy,
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
        let o = run(policy, 100, 1, &input);
        assert_eq!((o.warm, o.cold, o.dropped, o.evictions), expected);
    }

    #[test]
    fn over_eviction_frees_the_size_not_the_shortfall() {
        // 90 of 100 MB used; 40 MB arrive and 30 are missing. One victim of 30 MB would
        // do, two leave.
        let functions = [(30, 1, 1), (30, 1, 1), (30, 1, 1), (40, 1, 1)];
        let calls = [(0.0, 0), (10.0, 1), (20.0, 2), (30.0, 3)];
        check(Policy::Lru, &functions, &calls, (0, 4, 0, 2));
    }

    #[test]
    fn evict_then_drop_loses_the_victim_in_vain() {
        // Function 1 still runs at second 30, function 0 is idle: it leaves, 60 MB do
        // not fit all the same, and its next call is cold.
        let functions = [(30, 1, 1), (50, 100_000, 1), (60, 1, 1)];
        let calls = [(0.0, 0), (10.0, 1), (30.0, 2), (40.0, 0)];
        check(Policy::Lru, &functions, &calls, (0, 3, 1, 1));
    }

    #[test]
    fn start_stamp_makes_a_long_run_look_old() {
        // Function 0 runs from 0 to 60 s and is free last. Recency by the end would
        // evict function 1; the stamp of the start evicts 0.
        let functions = [(50, 60_000, 1), (50, 1, 1), (50, 1, 1)];
        let calls = [(0.0, 0), (10.0, 1), (70.0, 2), (80.0, 1)];
        check(Policy::Lru, &functions, &calls, (1, 3, 0, 1));
    }

    #[test]
    fn shared_priority_keeps_a_surplus_clone() {
        // Two clones of function 0 at second 0; the call at 20 uses one and renews
        // both. At 30 the clone idle since 0 should leave; function 1, idle since 10,
        // leaves, and its call at 40 is cold.
        let functions = [(30, 1, 1), (30, 1, 1), (30, 1, 1)];
        let calls = [
            (0.0, 0),
            (0.0, 0),
            (10.0, 1),
            (20.0, 0),
            (30.0, 2),
            (40.0, 1),
        ];
        check(Policy::Lru, &functions, &calls, (1, 5, 0, 2));
    }

    #[test]
    fn lazy_expiry_looks_at_the_callers_own_containers_only() {
        let functions = [(30, 1, 1), (30, 1, 1)];
        let (minute, hour) = (60.0, 3_600.0);
        // At ten minutes sharp it is still fresh.
        let sharp = [(0.0, 0), (10.0 * minute, 0)];
        check(Policy::Ttl, &functions, &sharp, (1, 1, 0, 0));
        let late = [(0.0, 0), (10.0 * minute + 1.0, 0)];
        check(Policy::Ttl, &functions, &late, (0, 2, 0, 1));
        check(Policy::LongTtl, &functions, &late, (1, 1, 0, 0));
        // Hours later the memory of function 0 is still taken.
        let foreign = [(0.0, 0), (10.0 * hour, 1)];
        check(Policy::Ttl, &functions, &foreign, (0, 2, 0, 0));
        check(Policy::Histogram, &functions, &foreign, (0, 2, 0, 0));
    }

    #[test]
    fn inverted_warm_up_piles_containers_before_the_due_time() {
        // Function 0 comes each 5 minutes, due again at 13.6. Each call of function 1
        // before that adds a container of 0: three at minute 13, none at minute 14.
        // Function 2 then has to evict two of them.
        let functions = [(30, 1, 1), (10, 1, 1), (60, 1, 1)];
        let minutes = [
            (0.0, 0),
            (5.0, 0),
            (10.0, 0),
            (11.0, 1),
            (12.0, 1),
            (13.0, 1),
            (14.0, 2),
        ];
        let calls = minutes.map(|(minute, function)| (minute * 60.0, function));
        check(Policy::Histogram, &functions, &calls, (4, 3, 0, 2));
    }

    #[test]
    fn unload_at_finish_makes_a_punctual_function_cold() {
        // Nothing stands ready when function 0 comes at minute 15, 20 and 25.
        let calls = [0.0, 5.0, 10.0, 15.0, 20.0, 25.0].map(|minute| (minute * 60.0, 0));
        check(Policy::Histogram, &[(30, 1, 1)], &calls, (2, 4, 0, 0));
        check(Policy::Ttl, &[(30, 1, 1)], &calls, (5, 1, 0, 0));
    }

    #[test]
    fn warm_credit_evicts_what_is_dear_to_start() {
        // Function 0 costs 9 s to start, function 1 nothing. Landlord on warm runs
        // evicts 0, greedy dual on the difference evicts 1.
        let functions = [(50, 9_010, 10), (50, 1_000, 1_000), (50, 1, 1)];
        let calls = [(0.0, 0), (20.0, 1), (40.0, 2), (60.0, 1)];
        check(Policy::Landlord, &functions, &calls, (1, 3, 0, 1));
        check(Policy::GreedyDual, &functions, &calls, (0, 4, 0, 2));
    }

    #[test]
    fn frequency_is_forgotten_with_the_last_container() {
        // Function 0 is used twice, leaves for the large function 2 and returns: its
        // count starts at 1 again, so function 3 drives it out and not function 1,
        // used twice since.
        let functions = [(50, 1, 1), (50, 1, 1), (100, 1, 1), (50, 1, 1)];
        let order = [0, 0, 2, 0, 1, 1, 3, 1];
        let calls = [0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0];
        let calls: Vec<(f64, usize)> = calls.into_iter().zip(order).collect();
        check(Policy::Size, &functions, &calls, (3, 5, 0, 3));
    }
}
