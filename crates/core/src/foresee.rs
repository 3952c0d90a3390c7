//! From forecasts to wishes for clones: what is said is taken in and planned by (`planning`), and
//! what comes beyond it is answered at once.

use crate::action::Action;
use crate::action::StopCause;
use crate::cloning::expected::Expected;
use crate::cloning::scaling;
use crate::demand::DemandForecast;
use crate::elsewhere;
use crate::ids::{FunctionId, InstanceId};
use crate::mind::Mind;
use crate::nearby::{NearId, Request};
use crate::planning;
use crate::pool::instance::State;
use crate::reconcile;
use crate::room;
use crate::settings::{CloningMode, CloningSettings};
use crate::surging;
use crate::time::{Instant, Span};
use crate::timers::Subject;
use crate::wanted::CloneWish;

/// How clones are made was chosen anew.
pub(crate) fn on_settings(
    mind: &mut Mind,
    now: Instant,
    settings: &CloningSettings,
    actions: &mut Vec<Action>,
) {
    // Where settings are read, and where journals are, the policy is looked up before.
    if mind.cloning.set(settings).is_ok() {
        forget_unforeseen(mind, now, actions);
    }
}

/// A function's own mode was chosen.
pub(crate) fn on_chosen(
    mind: &mut Mind,
    now: Instant,
    function: FunctionId,
    mode: Option<CloningMode>,
    actions: &mut Vec<Action>,
) {
    if mind.pool.function(function).is_some() {
        mind.cloning.choose(function, mode);
        forget_unforeseen(mind, now, actions);
    }
}

/// Takes back the wishes for functions whose clones are no longer made.
fn forget_unforeseen(mind: &mut Mind, now: Instant, actions: &mut Vec<Action>) {
    let functions: Vec<FunctionId> = mind.pool.functions().collect();
    for function in functions {
        let wished = mind.wanted.clones(function).or_else(|| mind.wanted.asked(function));
        if !mind.cloning.clones(function) && wished.is_some() {
            mind.wanted.set_clones(function, None);
            mind.wanted.set_asked(function, None);
            reconcile::on_clones(mind, now, function, actions);
        }
    }
}

/// A forecast came.
pub(crate) fn on_forecast(
    mind: &mut Mind,
    now: Instant,
    forecast: &DemandForecast,
    actions: &mut Vec<Action>,
) {
    if !mind.cloning.is_on() {
        return;
    }
    for demand in &forecast.functions {
        let deployed = mind.pool.function(demand.function).is_some_and(|known| known.deployed);
        if !deployed || !mind.cloning.clones(demand.function) {
            continue;
        }
        let known = mind.cloning.of(demand.function);
        let nothing = || Box::new(Expected::nothing(forecast.step));
        let expected = known.expected.get_or_insert_with(nothing);
        let outcome = expected.renew(forecast.origin, forecast.step, demand);
        mind.cloning.note(outcome);
        let chance = demand.steps.first().map_or(0, |first| first.chance);
        mind.cloning.said(forecast.origin, forecast.step, demand.function, chance);
    }
    planning::renew(mind, now, actions);
}

/// A call came: it is counted, and if more came than was said, what the surge needs is made
/// without waiting for a forecast.
pub(crate) fn on_arrival(
    mind: &mut Mind,
    now: Instant,
    function: FunctionId,
    actions: &mut Vec<Action>,
) {
    if !mind.cloning.is_on() || !mind.cloning.clones(function) {
        return;
    }
    let deployed = mind.pool.function(function).is_some_and(|known| known.deployed);
    if !deployed {
        return;
    }
    mind.cloning.called(function);
    let step = mind.cloning.settings.step;
    let known = mind.cloning.of(function);
    let expected = known.expected.get_or_insert_with(|| Box::new(Expected::nothing(step)));
    expected.count(now);
    let (calls, said) = (expected.calls(now), expected.said(expected.place_of(now)));
    // What is made for a surge was not said, and is needed beyond that.
    let is_surge = known.recent.is_going_on(now);
    if !is_surge && said.is_some_and(|said| scaling::is_fulfilled(said, calls)) {
        fulfil(mind, now, function, actions);
    }
    surging::on_call(mind, now, function, actions);
}

/// What was said of the step has come: habit knows better what follows.
fn fulfil(mind: &mut Mind, now: Instant, function: FunctionId, actions: &mut Vec<Action>) {
    let is_for_later = |wish: &CloneWish| {
        let known = mind.cloning.get(function);
        // Where starts take longer than a step, a wish may be for one that has yet to come.
        known.is_some_and(|known| {
            let early = planning::early(mind, function, known);
            let expected = known.expected.as_ref().filter(|_| early > Span::ZERO);
            expected.is_some_and(|own| wish.until > own.begins(own.place_of(now) + 1))
        })
    };
    let wish = mind.wanted.clones(function).filter(|wish| wish.from <= now);
    if wish.is_some_and(|wish| !is_for_later(&wish)) {
        mind.wanted.set_clones(function, None);
        reconcile::on_clones(mind, now, function, actions);
    }
}

/// A call of a function was answered, or was not for its own fault: its clones that wait are of the
/// same kind.
pub(crate) fn on_call_ended(
    mind: &mut Mind,
    now: Instant,
    function: FunctionId,
    is_answered: bool,
    actions: &mut Vec<Action>,
) {
    if !mind.cloning.is_on() {
        return;
    }
    let calls = &mut mind.cloning.of(function).calls;
    let is_news = if is_answered { calls.answered() } else { calls.failed(now) };
    if !is_news || !mind.cloning.clones(function) {
        return;
    }
    if !is_answered {
        let waiting =
            mind.pool.clones_waiting().filter(|&slot| mind.pool.at(slot).function() == function);
        for slot in waiting.collect::<Vec<u32>>() {
            room::end(mind, now, slot, StopCause::Unhealthy, actions);
        }
    }
    reconcile::on_clones(mind, now, function, actions);
}

/// Whether what waits in a slot is to show now and then that it lives: a clone, or what waits for its
/// first call of a function that tells of its health.
pub(crate) fn is_probed(mind: &Mind, slot: u32) -> bool {
    let tenant = mind.pool.at(slot);
    let tells = || mind.cloning.tells_health(tenant.function());
    tenant.is_clone() && tenant.is_idle() || tenant.state() == State::PreWarmed && tells()
}

/// What waits is to show that it lives.
pub(crate) fn on_probe_due(mind: &mut Mind, now: Instant, slot: u32, actions: &mut Vec<Action>) {
    if is_probed(mind, slot) {
        actions.push(Action::Probe { instance: mind.pool.id(slot) });
        watch_probe(mind, now, slot);
    }
}

/// Sets when what waits in a slot is probed next.
pub(crate) fn watch_probe(mind: &mut Mind, now: Instant, slot: u32) {
    let every = mind.cloning.settings.probe_every;
    let next = if every == Span::FOREVER { Instant::NEVER } else { now + every.max(SECOND) };
    mind.timers.set(Subject::Probe(slot), next);
}

/// Another node has no room for clones and asks for some here.
pub(crate) fn on_asked(
    mind: &mut Mind,
    now: Instant,
    request: &Request,
    actions: &mut Vec<Action>,
) {
    let function = request.function;
    let deployed = mind.pool.function(function).is_some_and(|known| known.deployed);
    if deployed && mind.cloning.clones(function) {
        mind.wanted.set_asked(function, Some(elsewhere::wish(now, request)));
        reconcile::on_clones(mind, now, function, actions);
    }
}

/// A node that was asked for clones answered.
pub(crate) fn on_promised(
    mind: &mut Mind,
    now: Instant,
    node: NearId,
    function: FunctionId,
    count: u32,
    actions: &mut Vec<Action>,
) {
    mind.nearby.promised(node, function, count);
    if mind.pool.function(function).is_some_and(|known| known.deployed) {
        reconcile::on_clones(mind, now, function, actions);
    }
}

const SECOND: Span = Span::from_secs(1);

/// An instance of a function showed that it lives: what failed before is over, and what its floor was
/// left without is begun.
pub(crate) fn on_alive(mind: &mut Mind, now: Instant, function: FunctionId) {
    let known = mind.pool.known(function);
    let is_short = known.live() < known.settings().min_warm;
    let waits = mind.cloning.recovered(function) > now;
    mind.cloning.of(function).health.lives();
    if is_short && waits {
        mind.timers.set(Subject::Floor(function), now);
    }
}

/// A probe came back.
pub(crate) fn on_probed(
    mind: &mut Mind,
    now: Instant,
    instance: InstanceId,
    healthy: bool,
    actions: &mut Vec<Action>,
) {
    let Some(tenant) = mind.pool.get(instance).filter(|tenant| tenant.is_idle()) else {
        return;
    };
    let (function, is_clone) = (tenant.function(), tenant.is_clone());
    if healthy {
        on_alive(mind, now, function);
        return;
    }
    mind.cloning.of(function).health.failed(now);
    room::end(mind, now, instance.slot, StopCause::Unhealthy, actions);
    // What is kept by a floor is begun anew by its own timer.
    if is_clone || mind.cloning.is_on() || !mind.cloning.tells_health(function) {
        reconcile::on_clones(mind, now, function, actions);
    }
}
