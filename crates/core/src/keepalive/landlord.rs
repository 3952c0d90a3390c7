//! Landlord: every instance pays rent for its memory out of a credit, and the first one
//! that is broke goes (Young, "On-line file caching", 1998).
//!
//! The credit is refilled to the cost of a start, in seconds, whenever the instance
//! becomes idle. Rent is charged to all alike per MB, so instead of charging everyone the
//! rent so far is added to new credit: key = rent so far + cost / size.

use crate::ids::FunctionId;
use crate::keepalive::keeper::{KeepAlive, Left};
use crate::keepalive::order::{Key, Ranking};
use crate::keepalive::plan::Plan;
use crate::pool::ledger::Pool;
use crate::time::Instant;
use crate::wanted::Wanted;

/// The policy `landlord`.
#[derive(Debug, Default)]
pub struct Landlord {
    idle: Ranking,
    rent: f64,
}

impl KeepAlive for Landlord {
    fn on_idle(&mut self, _now: Instant, slot: u32, pool: &Pool, _wanted: &mut Wanted) {
        let known = pool.known(pool.at(slot).function());
        let cost = known.start().mean().secs_f64();
        let size = known.settings().memory.mb_f64().max(f64::MIN_POSITIVE);
        self.idle.set(slot, Key::new(self.rent + cost / size));
    }

    fn on_unidle(&mut self, _: Instant, _: FunctionId, slot: u32, left: Left, _: &Pool) {
        if let Some(key) = self.idle.remove(slot)
            && left == Left::Evicted
        {
            self.rent = self.rent.max(key.value());
        }
    }

    fn offer(&mut self, _now: Instant, pool: &Pool, plan: &mut Plan) {
        for slot in self.idle.lowest_first() {
            if plan.offer(slot, pool) {
                return;
            }
        }
    }
}
