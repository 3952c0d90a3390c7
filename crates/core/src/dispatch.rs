//! Which instance serves a request, or what it waits for, or why it is refused.

use crate::action::{Action, RefuseReason, StartCause, StartKind};
use crate::ids::{FunctionId, RequestId};
use crate::keepalive::keeper::Left;
use crate::mind::Mind;
use crate::queues::Waiting;
use crate::room;
use crate::settings::{Dispatch, WaitLimits};
use crate::supply;
use crate::time::{Instant, Span};
use crate::timers::Subject;

/// When to look again at a request that has waited too long but is about to be served.
const COVERED: Span = Span::from_secs(1);

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
    if room::thaw(mind, now, function, bound, actions) {
        return;
    }
    let purpose = room::Purpose { cause: StartCause::Request, bound, waited: None, bid: None };
    let started = room::start(mind, now, function, purpose, actions);
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
    supply::watch_queue(mind, function);
    supply::supply_one_more(mind, now, function, actions);
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
    let tenant = mind.pool.at(slot);
    let (function, was_clone) = (tenant.function(), tenant.is_clone());
    mind.pool.assign(now, slot);
    if start == StartKind::Cold {
        mind.lift.cold();
    }
    if was_clone {
        if start == StartKind::Warm {
            mind.lift.spared(function);
        }
        room::remember_what_went(mind);
        mind.timers.set(Subject::Probe(slot), Instant::NEVER);
        mind.cloning.of(function).health.lives();
    } else if mind.cloning.tells_health(function) {
        mind.timers.set(Subject::Probe(slot), Instant::NEVER);
    }
    if mind.pool.set_kept(slot, false) {
        mind.timers.set(Subject::Idle(slot), Instant::NEVER);
        mind.keeper.on_unidle(now, function, slot, Left::ForWork, &mind.pool);
    } else if was_clone {
        mind.keeper.on_start(now, function, &mind.pool);
    }
    actions.push(Action::Invoke { request, instance: mind.pool.id(slot), start });
}

/// Lets an instance that just got room take waiting requests; tells whether it took any.
/// A request that waited while the instance was still being made (or thawed) counts as
/// having waited for that, even if another was served first.
pub(crate) fn take_waiting(
    mind: &mut Mind,
    now: Instant,
    slot: u32,
    made: StartKind,
    actions: &mut Vec<Action>,
) -> bool {
    let (function, ready) = (mind.pool.at(slot).function(), mind.pool.at(slot).ready);
    let concurrency = mind.pool.known(function).settings().concurrency.max(1);
    let mut took = false;
    while mind.pool.at(slot).active < concurrency {
        let Some(waiting) = mind.queues.pop(function) else {
            break;
        };
        let start = if waiting.since < ready { made } else { StartKind::Delayed };
        invoke(mind, now, waiting.request, slot, start, actions);
        took = true;
    }
    if took {
        supply::watch_queue(mind, function);
    }
    took
}

/// Refuses the requests that have waited too long, but for those that a start under way
/// will serve or that are expected to be served sooner than a start would. Where memory
/// lies free a start is ordered rather than a request refused, however many are under way.
/// What it costs does not grow with the queue, but for the requests that are refused.
pub(crate) fn on_queue_deadline(
    mind: &mut Mind,
    now: Instant,
    function: FunctionId,
    actions: &mut Vec<Action>,
) {
    let Dispatch::Wait(limits) = mind.dispatch else { return };
    let mut kept = 0;
    while mind.queues.is_late(function, kept, now, limits.longest) {
        kept = supply::uncovered(&mind.pool, now, function, kept);
        if !mind.queues.is_late(function, kept, now, limits.longest)
            || !start_in_free_memory(mind, now, function, actions)
        {
            break;
        }
        kept += 1;
    }
    for waiting in mind.queues.take_late(function, kept, now, limits.longest) {
        refuse(mind, now, function, waiting.request, RefuseReason::WaitedTooLong, actions);
    }
    supply::watch_queue(mind, function);
    if mind.queues.is_late(function, 0, now, limits.longest) {
        mind.timers.set(Subject::Queue(function), now + COVERED);
    }
}

fn start_in_free_memory(
    mind: &mut Mind,
    now: Instant,
    function: FunctionId,
    actions: &mut Vec<Action>,
) -> bool {
    let fits = mind.pool.known(function).settings().memory <= mind.pool.free();
    let purpose = room::Purpose::ahead(StartCause::Request);
    fits && room::start(mind, now, function, purpose, actions).is_ok()
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
