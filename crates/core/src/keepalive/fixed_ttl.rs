//! Fixed time to live: an instance idle for so long ends; when memory is short before
//! that, the longest idle goes first. What most platforms do (10 minutes by default).
//!
//! The lease is kept by the clock, not looked at only when the same function is called
//! again: a function nobody calls any more gives its memory back.

use crate::ids::FunctionId;
use crate::keepalive::keeper::{KeepAlive, Left};
use crate::keepalive::order::Recency;
use crate::keepalive::plan::Plan;
use crate::pool::ledger::Pool;
use crate::time::{Instant, Span};
use crate::wanted::Wanted;

/// The policy `fixed-ttl`.
#[derive(Debug)]
pub struct FixedTtl {
    ttl: Span,
    idle: Recency,
}

impl FixedTtl {
    /// Keeps idle instances for `ttl`.
    pub fn new(ttl: Span) -> Self {
        Self { ttl, idle: Recency::default() }
    }
}

impl KeepAlive for FixedTtl {
    fn on_idle(&mut self, now: Instant, slot: u32, _pool: &Pool, wanted: &mut Wanted) {
        self.idle.push(slot);
        wanted.set_lease(slot, now + self.ttl);
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
