//! Keep-alive by someone who knows the future: the instance whose next use is farthest,
//! weighted by its memory, goes first.
//!
//! Greedy, so no bound in itself (evicting one at a time can be wrong even with
//! foresight), but what an order of eviction can be expected to reach. It starts or
//! refuses as the published policies do. The last used instance of a function is taken
//! first, so its `n`-th instance is used next when `n` of its calls run at once again;
//! those moments are what is foretold, from calls that all run at once on arrival.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use swell_core::ids::FunctionId;
use swell_core::keepalive::keeper::{KeepAlive, Left};
use swell_core::keepalive::plan::Plan;
use swell_core::pool::ledger::Pool;
use swell_core::time::Instant;
use swell_core::units::Bytes;
use swell_core::wanted::Wanted;
use swell_trace::arrival::Arrival;

use crate::bound::input::BoundError;
use crate::bound::oracle::{Foreknowledge, Oracle};

/// Levels of concurrency told apart; deeper ones share the last.
const LEVELS: u32 = 64;

/// The level of a function under a name of its own, as the oracle knows it.
fn name(function: FunctionId, level: u32) -> FunctionId {
    FunctionId(function.0 * LEVELS + level.clamp(1, LEVELS) - 1)
}

/// Writes down when each function's calls reach each level of concurrency.
pub struct Foretelling {
    known: Foreknowledge,
    running: Vec<BinaryHeap<Reverse<Instant>>>,
}

impl Foretelling {
    /// Nothing known yet of so many functions; takes about `limit` at the most.
    pub fn new(functions: usize, limit: Bytes) -> Self {
        Self {
            known: Foreknowledge::new(functions * LEVELS as usize, limit),
            running: std::iter::repeat_with(BinaryHeap::new).take(functions).collect(),
        }
    }

    /// Takes the next call of the trace.
    pub fn observe(&mut self, arrival: &Arrival) -> Result<(), BoundError> {
        let Some(running) = self.running.get_mut(arrival.function.index()) else {
            let (function, known) = (arrival.function, self.running.len());
            return Err(BoundError::UnknownFunction { function, known });
        };
        while running.peek().is_some_and(|&Reverse(end)| end <= arrival.at) {
            running.pop();
        }
        running.push(Reverse(arrival.at + arrival.run));
        let function = name(arrival.function, running.len() as u32);
        self.known.record(&Arrival { function, ..*arrival })
    }

    /// What was written down.
    pub fn finish(self) -> Foreknowledge {
        self.known
    }
}

/// The clairvoyant keeper.
pub struct Clairvoyant {
    oracle: Oracle,
    idle_functions: Vec<FunctionId>,
    place: Vec<Option<usize>>,
    candidates: Vec<(f64, u32)>,
}

impl Clairvoyant {
    /// A keeper with these eyes.
    pub fn new(oracle: Oracle) -> Self {
        Self { oracle, idle_functions: Vec::new(), place: Vec::new(), candidates: Vec::new() }
    }

    fn note(&mut self, function: FunctionId, pool: &Pool) {
        let index = function.index();
        if self.place.len() <= index {
            self.place.resize(index + 1, None);
        }
        match (self.place[index], pool.oldest_idle(function).is_some()) {
            (None, true) => {
                self.place[index] = Some(self.idle_functions.len());
                self.idle_functions.push(function);
            }
            (Some(place), false) => {
                self.idle_functions.swap_remove(place);
                self.place[index] = None;
                if let Some(moved) = self.idle_functions.get(place) {
                    self.place[moved.index()] = Some(place);
                }
            }
            _ => {}
        }
    }
}

impl KeepAlive for Clairvoyant {
    fn on_idle(&mut self, _now: Instant, slot: u32, pool: &Pool, _wanted: &mut Wanted) {
        self.note(pool.at(slot).function(), pool);
    }

    fn on_unidle(
        &mut self,
        _now: Instant,
        function: FunctionId,
        _slot: u32,
        _left: Left,
        pool: &Pool,
    ) {
        self.note(function, pool);
    }

    fn offer(&mut self, now: Instant, pool: &Pool, plan: &mut Plan) {
        self.candidates.clear();
        for &function in &self.idle_functions {
            let known = pool.known(function);
            let size = known.settings().memory.mb_f64();
            let deepest = known.working() + known.idle() + known.paused();
            for (above, slot) in pool.idle_oldest_first(function).enumerate() {
                let level = deepest - above as u32;
                let next = self.oracle.next_after(name(function, level), now, 0);
                let far = next.map_or(f64::INFINITY, |next| next.since(now).secs_f64());
                self.candidates.push((far * size, slot));
            }
        }
        self.candidates.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        for &(_, slot) in &self.candidates {
            if plan.offer(slot, pool) {
                return;
            }
        }
    }
}
