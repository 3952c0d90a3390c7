//! Keepers that give one priority to a whole function and, within it, let the longest
//! idle instance go first.
//!
//! The books that most of them need (uses ever, the inflation clock) are kept here; a policy
//! adds only its formula.

use serde::{Deserialize, Serialize};

use crate::history::{self, History};
use crate::ids::FunctionId;
use crate::keepalive::keeper::{KeepAlive, Left};
use crate::keepalive::order::{Key, Ranking};
use crate::keepalive::plan::Plan;
use crate::pool::ledger::Pool;
use crate::time::Instant;
use crate::wanted::Wanted;

/// What a formula may look at, beside the pool.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Uses {
    /// Calls ever.
    pub lifetime: u64,
    /// The clock when the function was last used: the priority of the last victim then.
    pub clock: f64,
}

/// A formula for the priority of a function; the lowest goes first.
pub trait Formula: Send {
    /// The name under which a run leaves the books to the next.
    const NAME: &'static str;

    /// The priority of `function`.
    fn priority(&self, function: FunctionId, uses: Uses, pool: &Pool) -> f64;
}

/// A keeper that ranks functions by a formula.
#[derive(Debug)]
pub struct ByFunction<F> {
    formula: F,
    uses: Vec<Uses>,
    order: Ranking,
    clock: f64,
}

/// The version of what is remembered.
const VERSION: u16 = 1;
/// More calls than are ever counted, out of a file that says otherwise.
const LIFETIME_MAX: u64 = 1 << 60;

impl<F: Formula> ByFunction<F> {
    /// A keeper with that formula.
    pub fn new(formula: F) -> Self {
        Self { formula, uses: Vec::new(), order: Ranking::default(), clock: 0.0 }
    }

    fn uses(&mut self, function: FunctionId) -> &mut Uses {
        if self.uses.len() <= function.index() {
            self.uses.resize(function.index() + 1, Uses::default());
        }
        &mut self.uses[function.index()]
    }

    fn rank(&mut self, function: FunctionId, pool: &Pool) {
        let uses = self.uses.get(function.index()).copied().unwrap_or_default();
        if pool.oldest_idle(function).is_some() {
            let priority = self.formula.priority(function, uses, pool);
            self.order.set(function.0, Key::new(priority));
        } else {
            self.order.remove(function.0);
        }
    }
}

impl<F: Formula> KeepAlive for ByFunction<F> {
    fn on_arrival(&mut self, _now: Instant, function: FunctionId, _: &Pool, _: &mut Wanted) {
        self.uses(function).lifetime += 1;
    }

    /// The room for this start has been made, so the clock counts those victims already.
    fn on_start(&mut self, _now: Instant, function: FunctionId, _pool: &Pool) {
        self.uses(function).clock = self.clock;
    }

    fn on_idle(&mut self, _now: Instant, slot: u32, pool: &Pool, _wanted: &mut Wanted) {
        self.rank(pool.at(slot).function(), pool);
    }

    fn on_unidle(
        &mut self,
        _now: Instant,
        function: FunctionId,
        _slot: u32,
        left: Left,
        pool: &Pool,
    ) {
        if left == Left::ForWork {
            self.uses(function).clock = self.clock;
        }
        if left == Left::Evicted
            && let Some(key) = self.order.key(function.0)
        {
            self.clock = self.clock.max(key.value());
        }
        self.rank(function, pool);
    }

    fn remembered(&self, _now: Instant, _pool: &Pool) -> Vec<u8> {
        let uses = history::fitting(self.uses.iter().copied());
        history::seal(F::NAME, VERSION, &(self.clock, uses))
    }

    fn recall(&mut self, _now: Instant, history: &History, bytes: &[u8], pool: &Pool) -> bool {
        let opened = history::open::<(f64, Vec<Uses>)>(F::NAME, VERSION, bytes);
        let sound = |uses: &Uses| uses.clock.is_finite() && uses.lifetime <= LIFETIME_MAX;
        let Some((clock, learned)) =
            opened.filter(|(clock, uses)| clock.is_finite() && uses.iter().all(sound))
        else {
            return false;
        };
        self.clock = clock;
        for (number, learned) in learned.into_iter().enumerate() {
            if let Some(function) = history.function(number) {
                *self.uses(function) = learned;
            }
        }
        pool.functions().for_each(|function| self.rank(function, pool));
        true
    }

    fn offer(&mut self, _now: Instant, pool: &Pool, plan: &mut Plan) {
        for function in self.order.lowest_first() {
            for slot in pool.idle_oldest_first(FunctionId(function)) {
                if plan.offer(slot, pool) {
                    return;
                }
            }
        }
    }
}
