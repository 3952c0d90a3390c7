//! The question all files of this folder answer: which idle instance goes first when
//! memory is short, and until when may one stay that nobody needs?
//!
//! A keeper is told of every change of demand and of every instance that becomes idle or
//! stops being so. When memory is short it is asked to offer victims in its order; it
//! never evicts by itself, and an offer that comes to nothing changes nothing, so it must
//! not touch its own state while offering. What it wishes beyond that (a lease, a start
//! ahead of demand) it writes into [`Wanted`].

use crate::history::History;
use crate::ids::FunctionId;
use crate::keepalive::plan::Plan;
use crate::pool::ledger::Pool;
use crate::time::Instant;
use crate::wanted::Wanted;

/// A keep-alive policy.
pub trait KeepAlive: Send {
    /// A request for `function` came in; the function's demand already counts it.
    fn on_arrival(
        &mut self,
        _now: Instant,
        _function: FunctionId,
        _pool: &Pool,
        _wanted: &mut Wanted,
    ) {
    }

    /// A request of `function` left; the function's demand no longer counts it.
    fn on_finish(&mut self, _now: Instant, _function: FunctionId, _pool: &Pool) {}

    /// A start of an instance of `function` was ordered; the pool already counts it.
    fn on_start(&mut self, _now: Instant, _function: FunctionId, _pool: &Pool) {}

    /// An instance of `function` ended that was not idle; the pool no longer counts it.
    fn on_lost(&mut self, _now: Instant, _function: FunctionId, _pool: &Pool) {}

    /// The instance in `slot` became idle (after work, a start, or a thaw). Its lease
    /// has been set to "never"; the keeper may shorten it.
    fn on_idle(&mut self, now: Instant, slot: u32, pool: &Pool, wanted: &mut Wanted);

    /// The instance in `slot`, of `function`, is idle no longer: it got work, or it has
    /// ended (and the slot has no tenant now).
    fn on_unidle(&mut self, now: Instant, function: FunctionId, slot: u32, left: Left, pool: &Pool);

    /// Whether one more instance of `function` would be worth more than the least worthy
    /// idle one, so that starting it is right even if waiting were sooner.
    fn invests(&mut self, _now: Instant, _function: FunctionId, _pool: &Pool) -> bool {
        false
    }

    /// Whether it holds what instances are worth against one another, in uses per second of
    /// holding: then it heeds what a forecast promises (`pool::function::Promise`) and the
    /// bid of a plan. If not, promised instances stay, and a clone takes only free memory.
    fn prices(&self) -> bool {
        false
    }

    /// What a forecast promises to the instances of `function` has changed.
    fn on_promise(&mut self, _now: Instant, _function: FunctionId, _pool: &Pool) {}

    /// What it has learned that a later run would miss, as bytes; none if it learns nothing.
    fn remembered(&self, _now: Instant, _pool: &Pool) -> Vec<u8> {
        Vec::new()
    }

    /// Takes back what an earlier run remembered as `bytes`, in the place of what it has
    /// learned so far; the rest of `history` tells who is who by now. Bytes that are not
    /// its own, or no longer, change nothing; returns whether they were taken.
    fn recall(&mut self, _now: Instant, _history: &History, bytes: &[u8], _pool: &Pool) -> bool {
        bytes.is_empty()
    }

    /// Offers idle instances to `plan`, those first that should go first, until the plan
    /// says it has enough.
    fn offer(&mut self, now: Instant, pool: &Pool, plan: &mut Plan);
}

/// How an instance left the idle ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// It serves a request.
    ForWork,
    /// It ended for another's sake.
    Evicted,
    /// It ended otherwise: lease, failure, removal.
    Ended,
}
