//! First in, first out: the instance that was made first goes first, used or not.

use crate::ids::FunctionId;
use crate::keepalive::keeper::{KeepAlive, Left};
use crate::keepalive::order::{Key, Ranking};
use crate::keepalive::plan::Plan;
use crate::pool::ledger::Pool;
use crate::time::Instant;
use crate::wanted::Wanted;

/// The policy `fifo`.
#[derive(Debug, Default)]
pub struct Fifo {
    idle: Ranking,
}

impl KeepAlive for Fifo {
    fn on_idle(&mut self, _now: Instant, slot: u32, pool: &Pool, _wanted: &mut Wanted) {
        self.idle.set(slot, Key::new(pool.at(slot).created().secs_f64()));
    }

    fn on_unidle(&mut self, _: Instant, _: FunctionId, slot: u32, _: Left, _: &Pool) {
        self.idle.remove(slot);
    }

    fn offer(&mut self, _now: Instant, pool: &Pool, plan: &mut Plan) {
        for slot in self.idle.lowest_first() {
            if plan.offer(slot, pool) {
                return;
            }
        }
    }
}
