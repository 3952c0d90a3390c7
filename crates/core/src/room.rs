//! Making room: the only place where instances are started, evicted and ended.

use crate::action::{Action, RefuseReason, StartCause, StopCause};
use crate::ids::{FunctionId, RequestId};
use crate::keepalive::keeper::Left;
use crate::keepalive::plan::Newcomer;
use crate::mind::Mind;
use crate::pool::instance::State;
use crate::settings::CloningMode;
use crate::time::{Instant, Span};
use crate::timers::Subject;
use crate::units::Bytes;

/// How long after a failed attempt the floor of warm instances is tried again.
pub(crate) const FLOOR_RETRY: Span = Span::from_secs(1);

/// A call that has waited so long is served before any that is only expected.
const OUTWAITS: Span = Span::from_secs(9);

/// Frees memory until `need` fits, by evicting what the keeper offers: the shortfall and
/// no more, and nothing at all if the shortfall cannot be covered.
pub(crate) fn make_room(
    mind: &mut Mind,
    now: Instant,
    need: Bytes,
    purpose: &Purpose,
    function: FunctionId,
    actions: &mut Vec<Action>,
) -> bool {
    let account = mind.pool.account();
    let shortfall = (account.used() + need).saturating_sub(mind.pool.limit());
    if shortfall == Bytes::ZERO {
        return true;
    }
    if account.idle() < shortfall {
        return false;
    }
    let newcomer = purpose.waited.map(|waited| Newcomer { function, waited });
    mind.plan.reset(shortfall, newcomer);
    match (mind.keeper.prices(), purpose.bid) {
        (true, Some(worth)) => mind.plan.set_bid(worth),
        (true, None) => {}
        // Who cannot tell what an instance is worth gives none away for an expectation.
        (false, Some(_)) => return false,
        (false, None) => mind.plan.guard_promised(now),
    }
    if !give_clones(mind, purpose) {
        mind.keeper.offer(now, &mind.pool, &mut mind.plan);
    }
    if !mind.plan.is_full() {
        return false;
    }
    carry_out(mind, now, actions);
    true
}

/// A call that has waited for long takes the memory of clones that wait, those first that are
/// promised least, whatever they are worth: it is there, and who they are for may not come.
/// Tells whether they were enough; if not, none goes.
fn give_clones(mind: &mut Mind, purpose: &Purpose) -> bool {
    let is_long = purpose.bid.is_none() && purpose.waited.is_some_and(|waited| waited >= OUTWAITS);
    if !is_long || mind.pool.clones_held() < mind.plan.shortfall() {
        return false;
    }
    let Mind { pool, plan, .. } = mind;
    let waiting = pool.clones_waiting().map(|slot| {
        let tenant = pool.at(slot);
        let size = tenant.memory().mb_f64().max(f64::MIN_POSITIVE);
        (pool.known(tenant.function()).promise().worth / size, slot)
    });
    let mut waiting: Vec<(f64, u32)> = waiting.collect();
    waiting.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let is_enough = waiting.into_iter().any(|(_, slot)| plan.offer(slot, pool));
    if !is_enough {
        plan.clear();
    }
    is_enough
}

/// Gives back memory that is held beyond a lowered limit, as far as instances rest that
/// may go; the others follow when they come to rest. What the keeper would rather not
/// offer goes after what it does, the longest idle first: a limit is not a wish.
pub(crate) fn give_back(mind: &mut Mind, now: Instant, actions: &mut Vec<Action>) {
    let account = mind.pool.account();
    let excess = account.used().saturating_sub(mind.pool.limit()).min(account.idle());
    if excess == Bytes::ZERO {
        return;
    }
    mind.plan.reset(excess, None);
    mind.keeper.offer(now, &mind.pool, &mut mind.plan);
    if !mind.plan.is_full() {
        offer_the_rest(mind);
    }
    carry_out(mind, now, actions);
}

fn offer_the_rest(mind: &mut Mind) {
    let Mind { pool, plan, .. } = mind;
    let idle = pool.instances().filter(|(_, tenant)| tenant.is_idle());
    let mut rest: Vec<(Instant, u32)> = idle.map(|(slot, tenant)| (tenant.since(), slot)).collect();
    rest.retain(|(_, slot)| !plan.victims().contains(slot));
    rest.sort_unstable();
    rest.into_iter().any(|(_, slot)| plan.offer(slot, pool));
}

fn carry_out(mind: &mut Mind, now: Instant, actions: &mut Vec<Action>) {
    let count = mind.plan.victims().len();
    for place in 0..count {
        let slot = mind.plan.victims()[place];
        end(mind, now, slot, StopCause::Evicted, actions);
    }
}

/// What an instance is started for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Purpose {
    pub(crate) cause: StartCause,
    /// The request that only this instance will serve.
    pub(crate) bound: Option<RequestId>,
    /// How long the request has waited that this is for, if it can wait on.
    pub(crate) waited: Option<Span>,
    /// What it is worth if it is a clone, in uses per second of holding it.
    pub(crate) bid: Option<f64>,
}

impl Purpose {
    /// A start that no request waits for.
    pub(crate) fn ahead(cause: StartCause) -> Self {
        Self { cause, bound: None, waited: None, bid: None }
    }

    /// A clone that is worth so much, in uses per second of holding it.
    pub(crate) fn clone(worth: f64) -> Self {
        Self { bid: Some(worth), ..Self::ahead(StartCause::Clone) }
    }
}

/// Starts an instance, making room first.
pub(crate) fn start(
    mind: &mut Mind,
    now: Instant,
    function: FunctionId,
    purpose: Purpose,
    actions: &mut Vec<Action>,
) -> Result<(), RefuseReason> {
    let known = mind.pool.known(function);
    if known.live() >= known.settings().max_instances {
        return Err(RefuseReason::TooManyInstances);
    }
    let need = known.settings().memory;
    if !make_room(mind, now, need, &purpose, function, actions) {
        return Err(RefuseReason::NoMemory);
    }
    if purpose.cause == StartCause::Request {
        mind.lift.missed(function);
    }
    let instance = mind.pool.start(now, function, purpose.bound);
    if purpose.cause == StartCause::Clone {
        // Nobody needs it yet: the keeper hears of it when it rests.
        let is_foreseen = mind.cloning.mode(function) == CloningMode::Shadow;
        mind.pool.mark_clone(instance.slot, is_foreseen);
    } else {
        mind.keeper.on_start(now, function, &mind.pool);
    }
    remember_what_went(mind);
    actions.push(Action::Start { instance, function, cause: purpose.cause });
    Ok(())
}

/// Without clones, instances that went would be there still, as many as fit into the memory that
/// clones hold and that is free.
pub(crate) fn remember_what_went(mind: &mut Mind) {
    mind.lift.fit(mind.pool.clones_held() + mind.pool.free());
}

/// Begins to thaw a paused instance of the function, if it has one and it fits.
pub(crate) fn thaw(
    mind: &mut Mind,
    now: Instant,
    function: FunctionId,
    bound: Option<RequestId>,
    actions: &mut Vec<Action>,
) -> bool {
    let Some(slot) = mind.pool.frozen(function) else { return false };
    let full = mind.pool.known(function).settings().memory;
    let need = full.saturating_sub(mind.pool.at(slot).memory());
    // Room is not made by evicting: the first to go might be this very instance.
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

/// Ends an instance and tells everyone concerned.
pub(crate) fn end(
    mind: &mut Mind,
    now: Instant,
    slot: u32,
    cause: StopCause,
    actions: &mut Vec<Action>,
) {
    let instance = mind.pool.id(slot);
    let tenant = mind.pool.at(slot);
    let (function, is_clone) = (tenant.function(), tenant.is_clone());
    if cause == StopCause::Evicted && !is_clone {
        mind.lift.went(function, tenant.memory());
    }
    let unstarted = tenant.state() == State::Starting;
    let kept = mind.pool.set_kept(slot, false);
    mind.pool.remove(now, slot);
    mind.timers.set(Subject::Idle(slot), Instant::NEVER);
    mind.timers.set(Subject::Probe(slot), Instant::NEVER);
    if kept {
        let left = if cause == StopCause::Evicted { Left::Evicted } else { Left::Ended };
        mind.keeper.on_unidle(now, function, slot, left, &mind.pool);
    } else if !is_clone {
        mind.keeper.on_lost(now, function, &mind.pool);
    }
    if cause != StopCause::Failed {
        actions.push(Action::Stop { instance, function, cause });
    }
    let known = mind.pool.known(function);
    if known.live() < known.settings().min_warm {
        // A start that just failed is not tried again in the same breath.
        let pause = if unstarted { FLOOR_RETRY } else { Span::ZERO };
        mind.timers.set(Subject::Floor(function), now + pause);
    }
}
