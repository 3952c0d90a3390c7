//! One piece of news, and all that follows from it: who is told what, in which order.

use crate::action::{Action, RefuseReason, StartKind, StopCause};
use crate::dispatch;
use crate::event::Event;
use crate::foresee;
use crate::history::Taken;
use crate::ids::{FunctionId, InstanceId, RequestId};
use crate::mind::Mind;
use crate::planning;
use crate::pool::function::Promise;
use crate::pool::instance::State;
use crate::recall;
use crate::reconcile;
use crate::room;
use crate::supply;
use crate::time::{Instant, Span};
use crate::timers::Subject;

/// Takes in one piece of news and appends the orders that follow from it; tells how much of
/// a history was taken, if it was one.
pub(crate) fn decide(
    mind: &mut Mind,
    now: Instant,
    event: Event,
    actions: &mut Vec<Action>,
) -> Option<Taken> {
    let mut taken = None;
    match event {
        Event::RequestArrived { request, function } => {
            dispatch::on_arrival(mind, now, request, function, actions);
            foresee::on_arrival(mind, now, function, actions);
        }
        Event::InvocationFinished { instance, run, .. } => {
            on_finished(mind, now, instance, run, true, actions);
        }
        Event::InvocationFailed { instance, run, .. } => {
            on_finished(mind, now, instance, run, false, actions);
        }
        Event::InstanceStarted { instance, took } => {
            if let Some(function) = mind.pool.get(instance).map(|tenant| tenant.function()) {
                mind.pool.note_start(function, took);
                if mind.cloning.is_on() {
                    mind.cloning.of(function).lead.observe(took);
                }
                on_ready(mind, now, instance.slot, StartKind::Cold, actions);
            }
        }
        Event::InstanceResumed { instance } => {
            if mind.pool.get(instance).is_some() {
                on_ready(mind, now, instance.slot, StartKind::Resumed, actions);
            }
        }
        Event::StartFailed { instance } => on_start_failed(mind, now, instance, actions),
        Event::InstanceFailed { instance } => on_failed(mind, now, instance, actions),
        Event::RequestCancelled { request, function } => {
            on_cancelled(mind, now, request, function);
        }
        Event::FunctionDeployed { function, settings } => {
            mind.pool.deploy(function, *settings);
            // By how many there are goes whether they are planned for at once.
            mind.cloning.of(function);
            reconcile::on_floor(mind, now, function, actions);
        }
        Event::FunctionRemoved { function } => on_removed(mind, now, function, actions),
        Event::MemoryChanged { memory } => {
            mind.pool.set_limit(memory);
            supply::feed_hungry(mind, now, actions);
        }
        Event::WokeUp => on_woken(mind, now, actions),
        Event::HistoryRecalled { history } => {
            taken = Some(recall::recall(mind, now, &history));
        }
        Event::CloningSet { settings } => foresee::on_settings(mind, now, &settings, actions),
        Event::CloningChosen { function, mode } => {
            foresee::on_chosen(mind, now, function, mode, actions);
        }
        Event::HealthOffered { function } => {
            if mind.pool.function(function).is_some() {
                mind.cloning.of(function).tells_health = true;
            }
        }
        Event::ClonesBounded { function, bounds } => {
            if mind.pool.function(function).is_some() {
                mind.cloning.bound(function, bounds);
            }
        }
        Event::DemandForeseen { forecast } | Event::DemandForecast { forecast } => {
            foresee::on_forecast(mind, now, &forecast, actions);
        }
        Event::CloneProbed { instance, healthy } => {
            foresee::on_probed(mind, now, instance, healthy, actions);
        }
        Event::NearbyTold { nodes } => mind.nearby.tell(nodes),
        Event::ClonesAsked { request } => foresee::on_asked(mind, now, &request, actions),
        Event::ClonesPromised { node, function, count } => {
            foresee::on_promised(mind, now, node, function, count, actions);
        }
    }
    room::give_back(mind, now, actions);
    taken
}

/// A started or thawed instance serves whoever waits, or rests.
fn on_ready(mind: &mut Mind, now: Instant, slot: u32, start: StartKind, actions: &mut Vec<Action>) {
    mind.pool.set_ready(now, slot);
    if let Some(request) = mind.pool.take_bound(slot) {
        dispatch::invoke(mind, now, request, slot, start, actions);
        return;
    }
    if dispatch::take_waiting(mind, now, slot, start, actions) {
        return;
    }
    mind.pool.rest(now, slot, State::PreWarmed);
    if foresee::is_probed(mind, slot) {
        foresee::watch_probe(mind, now, slot);
    }
    reconcile::on_idle(mind, now, slot, actions);
    supply::feed_hungry(mind, now, actions);
}

fn on_finished(
    mind: &mut Mind,
    now: Instant,
    instance: InstanceId,
    run: Span,
    is_answered: bool,
    actions: &mut Vec<Action>,
) {
    let Some(tenant) = mind.pool.get(instance) else {
        return;
    };
    let function = tenant.function();
    let slot = instance.slot;
    mind.pool.note_run(function, run);
    if is_answered && (mind.cloning.is_on() || mind.cloning.tells_health(function)) {
        // Who served a call lives: what failed before it is over.
        foresee::on_alive(mind, now, function);
    }
    foresee::on_call_ended(mind, now, function, is_answered, actions);
    let rests = mind.pool.finish(now, slot);
    dispatch::leave(mind, now, function);
    let known = mind.pool.known(function);
    let again = known.deployed && !known.settings().run_and_exit;
    if again && dispatch::take_waiting(mind, now, slot, StartKind::Cold, actions) {
        return;
    }
    if rests {
        reconcile::on_idle(mind, now, slot, actions);
        supply::supply(mind, now, function, actions);
        supply::feed_hungry(mind, now, actions);
    }
}

fn on_start_failed(mind: &mut Mind, now: Instant, instance: InstanceId, actions: &mut Vec<Action>) {
    let Some(tenant) = mind.pool.get(instance) else {
        return;
    };
    let (function, is_clone) = (tenant.function(), tenant.is_clone());
    let bound = mind.pool.take_bound(instance.slot);
    room::end(mind, now, instance.slot, StopCause::Failed, actions);
    if is_clone {
        mind.cloning.of(function).health.failed(now);
        reconcile::on_clones(mind, now, function, actions);
    }
    // Each failed start costs one waiting request its answer, so that a function that
    // cannot start does not try for ever.
    let request = bound.or_else(|| mind.queues.pop(function).map(|waiting| waiting.request));
    if let Some(request) = request {
        dispatch::refuse(mind, now, function, request, RefuseReason::StartFailed, actions);
    }
    mind.wanted.set_ahead(function, None);
    supply::watch_queue(mind, function);
    supply::supply(mind, now, function, actions);
    supply::feed_hungry(mind, now, actions);
}

fn on_failed(mind: &mut Mind, now: Instant, instance: InstanceId, actions: &mut Vec<Action>) {
    let Some(tenant) = mind.pool.get(instance) else {
        return;
    };
    let (function, active, is_clone) = (tenant.function(), tenant.active, tenant.is_clone());
    if tenant.state() == State::Starting {
        on_start_failed(mind, now, instance, actions);
        return;
    }
    room::end(mind, now, instance.slot, StopCause::Failed, actions);
    for _ in 0..active {
        dispatch::leave(mind, now, function);
        foresee::on_call_ended(mind, now, function, false, actions);
    }
    if is_clone {
        mind.cloning.of(function).health.failed(now);
        reconcile::on_clones(mind, now, function, actions);
    }
    supply::supply(mind, now, function, actions);
    supply::feed_hungry(mind, now, actions);
}

fn on_cancelled(mind: &mut Mind, now: Instant, request: RequestId, function: FunctionId) {
    if mind.queues.remove(function, request) {
        dispatch::leave(mind, now, function);
        supply::watch_queue(mind, function);
    }
}

fn on_removed(mind: &mut Mind, now: Instant, function: FunctionId, actions: &mut Vec<Action>) {
    if mind.pool.function(function).is_none() {
        return;
    }
    mind.pool.known_mut(function).deployed = false;
    mind.wanted.set_ahead(function, None);
    reconcile::watch_ahead(mind, function);
    mind.wanted.set_clones(function, None);
    mind.wanted.set_asked(function, None);
    mind.timers.set(Subject::Clones(function), Instant::NEVER);
    mind.pool.known_mut(function).promise = Promise::default();
    mind.timers.set(Subject::Floor(function), Instant::NEVER);
    while let Some(waiting) = mind.queues.pop(function) {
        let reason = RefuseReason::FunctionRemoved;
        dispatch::refuse(mind, now, function, waiting.request, reason, actions);
    }
    supply::watch_queue(mind, function);
    while let Some(slot) = mind.pool.oldest_idle(function) {
        room::end(mind, now, slot, StopCause::Removed, actions);
    }
    mind.timers.set(Subject::Floor(function), Instant::NEVER);
    supply::feed_hungry(mind, now, actions);
}

fn on_woken(mind: &mut Mind, now: Instant, actions: &mut Vec<Action>) {
    let mut was_due = false;
    while let Some(subject) = mind.timers.due(now) {
        was_due = true;
        match subject {
            Subject::Idle(slot) => reconcile::on_idle_deadline(mind, now, slot, actions),
            Subject::Queue(function) => dispatch::on_queue_deadline(mind, now, function, actions),
            Subject::Supply(function) => supply::supply(mind, now, function, actions),
            Subject::Memory => supply::on_hungry_deadline(mind, now, actions),
            Subject::Ahead(function) => reconcile::on_ahead(mind, now, function, actions),
            Subject::Floor(function) => reconcile::on_floor(mind, now, function, actions),
            Subject::Clones(function) => reconcile::on_clones(mind, now, function, actions),
            Subject::Probe(slot) => foresee::on_probe_due(mind, now, slot, actions),
            Subject::Plan => planning::plan(mind, now, actions),
        }
    }
    // Time alone changes nothing: who wakes the mind for another's sake must not be noticed.
    if was_due {
        supply::feed_hungry(mind, now, actions);
    }
}
