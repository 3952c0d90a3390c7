//! Keep-alive by someone who knows the future: the instance whose next use is farthest,
//! weighted by its memory, goes first.
//!
//! Greedy, so no bound in itself (evicting one at a time can be wrong even with
//! foresight), but what an order of eviction can be expected to reach. It starts or
//! refuses as the published policies do. Of several idle instances of a function the
//! last used is taken next, so the one `k` places below it waits for the `k`-th call
//! after the next.

use swell_core::ids::FunctionId;
use swell_core::keepalive::keeper::{KeepAlive, Left};
use swell_core::keepalive::plan::Plan;
use swell_core::pool::ledger::Pool;
use swell_core::time::Instant;
use swell_core::wanted::Wanted;

use crate::bound::oracle::Oracle;

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
    fn on_arrival(&mut self, _now: Instant, function: FunctionId, _: &Pool, _: &mut Wanted) {
        self.oracle.arrived(function);
    }

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
            let mut depth = (known.idle() + known.paused()) as usize;
            for slot in pool.idle_oldest_first(function) {
                depth -= 1;
                let next = self.oracle.next(function, depth);
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
