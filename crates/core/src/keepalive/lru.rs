//! Least recently used: the instance idle for the longest time goes first.
//!
//! Recency counts from the end of the last call, not from its start: a long call is not
//! a sign of age.

use crate::ids::FunctionId;
use crate::keepalive::keeper::{KeepAlive, Left};
use crate::keepalive::order::Recency;
use crate::keepalive::plan::Plan;
use crate::pool::ledger::Pool;
use crate::time::Instant;
use crate::wanted::Wanted;

/// The policy `lru`.
#[derive(Debug, Default)]
pub struct Lru {
    idle: Recency,
}

impl KeepAlive for Lru {
    fn on_idle(&mut self, _now: Instant, slot: u32, _pool: &Pool, _wanted: &mut Wanted) {
        self.idle.push(slot);
    }

    fn on_unidle(&mut self, _: Instant, _: FunctionId, slot: u32, _: Left, _: &Pool) {
        self.idle.remove(slot);
    }

    fn offer(&mut self, _now: Instant, pool: &Pool, plan: &mut Plan) {
        for slot in self.idle.oldest_first() {
            if plan.offer(slot, pool) {
                return;
            }
        }
    }
}
