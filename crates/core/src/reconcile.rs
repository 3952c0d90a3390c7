//! From wishes to orders: the difference between what is wanted and what is.

use crate::action::{Action, StartCause, StopCause};
use crate::ids::FunctionId;
use crate::mind::Mind;
use crate::pool::instance::State;
use crate::room::{self, Purpose};
use crate::time::Instant;
use crate::timers::Subject;

/// An instance has just become idle: asks the keeper for its lease and applies the
/// function's own rules.
pub(crate) fn on_idle(mind: &mut Mind, now: Instant, slot: u32, actions: &mut Vec<Action>) {
    let tenant = mind.pool.at(slot);
    let (function, state) = (tenant.function(), tenant.state());
    mind.wanted.set_lease(slot, Instant::NEVER);
    mind.pool.set_kept(slot, true);
    mind.keeper.on_idle(now, slot, &mind.pool, &mut mind.wanted);
    watch_ahead(mind, function);
    let known = mind.pool.known(function);
    if !known.deployed {
        room::end(mind, now, slot, StopCause::Removed, actions);
        return;
    }
    let settings = known.settings();
    if settings.run_and_exit && state == State::Idle {
        room::end(mind, now, slot, StopCause::RunAndExit, actions);
        return;
    }
    if settings.pinned {
        mind.wanted.set_lease(slot, Instant::NEVER);
    } else if let Some(longest) = settings.max_idle {
        let until = mind.wanted.lease(slot).min(now + longest);
        mind.wanted.set_lease(slot, until);
    }
    on_idle_deadline(mind, now, slot, actions);
}

/// Ends, pauses or keeps an idle instance, by its lease and its function's rules.
pub(crate) fn on_idle_deadline(
    mind: &mut Mind,
    now: Instant,
    slot: u32,
    actions: &mut Vec<Action>,
) {
    let tenant = mind.pool.at(slot);
    if !tenant.is_idle() {
        return;
    }
    let (since, state) = (tenant.since(), tenant.state());
    let function = tenant.function();
    let known = mind.pool.known(function);
    let lease = mind.wanted.lease(slot);
    if lease <= now {
        if known.live() > known.settings().min_warm {
            room::end(mind, now, slot, StopCause::Expired, actions);
        }
        return;
    }
    let memory = known.settings().paused_memory.min(tenant.memory());
    let mut next = lease;
    if let Some(after) = known.settings().pause_after
        && state != State::Paused
    {
        let due = since + after;
        if due <= now {
            let instance = mind.pool.id(slot);
            mind.pool.pause(now, slot, memory);
            actions.push(Action::Pause { instance });
        } else {
            next = next.min(due);
        }
    }
    mind.timers.set(Subject::Idle(slot), next);
}

/// Keeps the deadline of a function's wish to be warm.
pub(crate) fn watch_ahead(mind: &mut Mind, function: FunctionId) {
    let from = mind.wanted.ahead(function).map_or(Instant::NEVER, |ahead| ahead.from);
    mind.timers.set(Subject::Ahead(function), from);
}

/// Starts an instance ahead of demand, if it is still wished for, none is there and
/// memory is free: nothing warm is evicted for a mere expectation.
pub(crate) fn on_ahead(
    mind: &mut Mind,
    now: Instant,
    function: FunctionId,
    actions: &mut Vec<Action>,
) {
    let known = mind.pool.known(function);
    let wished = mind.wanted.ahead(function).is_some();
    let wanted = wished && known.deployed && known.live() == 0;
    if !wanted || known.settings().memory > mind.pool.free() {
        mind.wanted.set_ahead(function, None);
        return;
    }
    let started = room::start(mind, now, function, Purpose::ahead(StartCause::Ahead), actions);
    if started.is_err() {
        mind.wanted.set_ahead(function, None);
    }
}

/// Starts instances up to the function's floor.
pub(crate) fn on_floor(
    mind: &mut Mind,
    now: Instant,
    function: FunctionId,
    actions: &mut Vec<Action>,
) {
    loop {
        let known = mind.pool.known(function);
        if !known.deployed || known.live() >= known.settings().min_warm {
            return;
        }
        let purpose = Purpose::ahead(StartCause::MinWarm);
        if room::start(mind, now, function, purpose, actions).is_err() {
            mind.timers.set(Subject::Floor(function), now + room::FLOOR_RETRY);
            return;
        }
    }
}
