//! Which instance serves a request, or what it waits for, or why it is refused.

use crate::action::{Action, RefuseReason, StartCause, StartKind};
use crate::ids::{FunctionId, RequestId};
use crate::keepalive::keeper::Left;
use crate::mind::Mind;
use crate::queues::Waiting;
use crate::room;
use crate::settings::{Dispatch, WaitLimits};
use crate::time::Instant;
use crate::timers::Subject;
use crate::units::Bytes;

/// A request came in.
pub(crate) fn on_arrival(
    mind: &mut Mind,
    now: Instant,
    request: RequestId,
    function: FunctionId,
    actions: &mut Vec<Action>,
) {
    let deployed = mind.pool.function(function).is_some_and(|known| known.deployed);
    if !deployed {
        let reason = RefuseReason::UnknownFunction;
        actions.push(Action::Refuse { request, reason });
        return;
    }
    mind.pool.known_mut(function).demand += 1;
    mind.keeper.on_arrival(now, function, &mind.pool, &mut mind.wanted);
    if let Some(slot) = mind.pool.ready(function) {
        invoke(mind, now, request, slot, StartKind::Warm, actions);
        return;
    }
    match mind.dispatch {
        Dispatch::StartOrRefuse => start_for(mind, now, request, function, actions),
        Dispatch::Wait(limits) => wait(mind, now, request, function, limits, actions),
    }
}

fn start_for(
    mind: &mut Mind,
    now: Instant,
    request: RequestId,
    function: FunctionId,
    actions: &mut Vec<Action>,
) {
    let bound = Some(request);
    if thaw(mind, now, function, bound, actions) {
        return;
    }
    let started = room::start(mind, now, function, bound, StartCause::Request, actions);
    if let Err(reason) = started {
        refuse(mind, now, function, request, reason, actions);
    }
}

fn wait(
    mind: &mut Mind,
    now: Instant,
    request: RequestId,
    function: FunctionId,
    limits: WaitLimits,
    actions: &mut Vec<Action>,
) {
    if !mind.queues.push(function, Waiting { request, since: now }, limits.queue) {
        refuse(mind, now, function, request, RefuseReason::QueueFull, actions);
        return;
    }
    watch_queue(mind, function);
    supply(mind, now, function, actions);
}

/// Orders starts until the function's queue is expected to be served soon enough.
/// Without memory the function is noted as hungry and looked at when some is freed.
pub(crate) fn supply(
    mind: &mut Mind,
    now: Instant,
    function: FunctionId,
    actions: &mut Vec<Action>,
) {
    while mind.queues.len(function) > expected(mind, function) {
        if thaw(mind, now, function, None, actions) {
            continue;
        }
        match room::start(mind, now, function, None, StartCause::Request, actions) {
            Ok(()) => {}
            Err(RefuseReason::NoMemory) => return mind.queues.set_hungry(function),
            Err(_) => return,
        }
    }
}

/// How many waiting requests the instances that are busy or starting can be expected to
/// take up within the time of a start: a new instance would not be sooner for them.
///
/// A busy instance is as likely at any point of its call as at any other, so `busy` of
/// them, each calling for `run`, become free `busy x start / run` times within `start`.
fn expected(mind: &Mind, function: FunctionId) -> u32 {
    let known = mind.pool.known(function);
    let concurrency = known.settings().concurrency.max(1);
    let starting = known.starting().saturating_mul(concurrency);
    if !known.run().is_measured() {
        return starting;
    }
    let run = known.run().mean().nanos().max(1) as f64;
    let start = known.start().mean().nanos() as f64;
    let busy = f64::from(known.busy()) * f64::from(concurrency);
    starting.saturating_add((busy * start / run) as u32)
}

/// Begins to thaw a paused instance of the function, if it has one and it fits.
fn thaw(
    mind: &mut Mind,
    now: Instant,
    function: FunctionId,
    bound: Option<RequestId>,
    actions: &mut Vec<Action>,
) -> bool {
    let Some(slot) = mind.pool.frozen(function) else {
        return false;
    };
    let full = mind.pool.known(function).settings().memory;
    let need = full.saturating_sub(mind.pool.at(slot).memory());
    // The instance leaves the idle ones first, lest room be made by evicting it.
    if need > mind.pool.free() {
        return false;
    }
    mind.pool.thaw(now, slot, bound);
    mind.timers.set(Subject::Idle(slot), Instant::NEVER);
    if mind.pool.set_kept(slot, false) {
        mind.keeper.on_unidle(now, function, slot, Left::ForWork, &mind.pool);
    }
    actions.push(Action::Resume { instance: mind.pool.id(slot) });
    true
}

/// Gives the instance a request.
pub(crate) fn invoke(
    mind: &mut Mind,
    now: Instant,
    request: RequestId,
    slot: u32,
    start: StartKind,
    actions: &mut Vec<Action>,
) {
    let function = mind.pool.at(slot).function();
    mind.pool.assign(now, slot);
    if mind.pool.set_kept(slot, false) {
        mind.timers.set(Subject::Idle(slot), Instant::NEVER);
        mind.keeper.on_unidle(now, function, slot, Left::ForWork, &mind.pool);
    }
    actions.push(Action::Invoke { request, instance: mind.pool.id(slot), start });
}

/// Lets an instance that just got room take waiting requests; tells whether it took any.
pub(crate) fn take_waiting(
    mind: &mut Mind,
    now: Instant,
    slot: u32,
    start: StartKind,
    actions: &mut Vec<Action>,
) -> bool {
    let function = mind.pool.at(slot).function();
    let concurrency = mind.pool.known(function).settings().concurrency.max(1);
    let mut took = false;
    while mind.pool.at(slot).active < concurrency {
        let Some(waiting) = mind.queues.pop(function) else {
            break;
        };
        invoke(mind, now, waiting.request, slot, start, actions);
        took = true;
    }
    if took {
        watch_queue(mind, function);
    }
    took
}

/// Lets hungry functions try again, as far as memory may have become free.
pub(crate) fn feed_hungry(mind: &mut Mind, now: Instant, actions: &mut Vec<Action>) {
    /// Functions looked at per occasion: a bound on the work one event can cause.
    const LOOKS: usize = 8;
    for _ in 0..LOOKS {
        if !mind.queues.any_hungry() || mind.pool.free() + mind.pool.account().idle() == Bytes::ZERO
        {
            return;
        }
        let Some(function) = mind.queues.pop_hungry() else {
            return;
        };
        supply(mind, now, function, actions);
    }
}

/// Refuses the requests that have waited too long.
pub(crate) fn on_queue_deadline(
    mind: &mut Mind,
    now: Instant,
    function: FunctionId,
    actions: &mut Vec<Action>,
) {
    let Dispatch::Wait(limits) = mind.dispatch else {
        return;
    };
    while let Some(head) = mind.queues.head(function) {
        if head.since + limits.longest > now {
            break;
        }
        mind.queues.pop(function);
        refuse(mind, now, function, head.request, RefuseReason::WaitedTooLong, actions);
    }
    watch_queue(mind, function);
}

/// Turns away a request that is already counted as demand.
pub(crate) fn refuse(
    mind: &mut Mind,
    now: Instant,
    function: FunctionId,
    request: RequestId,
    reason: RefuseReason,
    actions: &mut Vec<Action>,
) {
    leave(mind, now, function);
    actions.push(Action::Refuse { request, reason });
}

/// A request left the house, served or not.
pub(crate) fn leave(mind: &mut Mind, now: Instant, function: FunctionId) {
    let known = mind.pool.known_mut(function);
    known.demand = known.demand.checked_sub(1).expect("a request leaves once");
    mind.keeper.on_finish(now, function, &mind.pool);
}

/// Keeps the deadline of the queue at that of its head.
pub(crate) fn watch_queue(mind: &mut Mind, function: FunctionId) {
    let Dispatch::Wait(limits) = mind.dispatch else {
        return;
    };
    let head = mind.queues.head(function);
    let at = head.map_or(Instant::NEVER, |head| head.since + limits.longest);
    mind.timers.set(Subject::Queue(function), at);
}
