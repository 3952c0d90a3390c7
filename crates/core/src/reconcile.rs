//! From wishes to orders: the difference between what is wanted and what is.

use crate::action::{Action, StartCause, StopCause};
use crate::cloning::short::Obstacle;
use crate::demand::WHOLE;
use crate::elsewhere;
use crate::ids::FunctionId;
use crate::mind::Mind;
use crate::pool::function::Promise;
use crate::pool::instance::State;
use crate::room::{self, Purpose};
use crate::time::{Instant, Span};
use crate::timers::Subject;
use crate::units::Bytes;
use crate::wanted::CloneWish;

/// What is there needs no start any more: for its being kept, what a forecast says it is worth
/// counts so many times. Otherwise instances expected about as soon would push each other out.
const KEPT: f64 = 2.0;
/// How long after a clone found no room it is tried again.
const CLONE_RETRY: Span = Span::from_secs(1);

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
        // What a forecast promises outweighs the policy, not the function's own rule.
        let promise = known.promise();
        let longest = known.settings().max_idle.map_or(Instant::NEVER, |longest| since + longest);
        if now < promise.until.min(longest) && known.live() <= promise.count {
            mind.timers.set(Subject::Idle(slot), promise.until.min(longest));
            return;
        }
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

/// Starts instances up to the function's floor; of one whose instances were not well as they waited,
/// after a pause.
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
        let recovered = mind.cloning.recovered(function);
        if recovered > now {
            mind.timers.set(Subject::Floor(function), recovered);
            return;
        }
        let purpose = Purpose::ahead(StartCause::MinWarm);
        if room::start(mind, now, function, purpose, actions).is_err() {
            mind.timers.set(Subject::Floor(function), now + room::FLOOR_RETRY);
            return;
        }
    }
}

/// Brings a function's clones to what is wished for: begins those that are missing, as far
/// as rate, share and memory allow, and lets a surplus go by and by.
pub(crate) fn on_clones(
    mind: &mut Mind,
    now: Instant,
    function: FunctionId,
    actions: &mut Vec<Action>,
) {
    let wish = mind.wanted.clones(function).filter(|wish| now < wish.until);
    if wish.is_none() {
        mind.wanted.set_clones(function, None);
    }
    if mind.wanted.asked(function).is_some_and(|asked| asked.until <= now) {
        mind.wanted.set_asked(function, None);
    }
    let due = mind.wanted.due(now, function);
    promise(mind, now, function, due);
    let mut next = match (wish, due) {
        (_, Some(due)) => due.until + mind.cloning.apart(function),
        (Some(wish), None) => wish.from,
        (None, None) => Instant::NEVER,
    };
    if let Some(wish) = wish.filter(|wish| now < wish.from) {
        next = next.min(wish.from);
    }
    if let Some(due) = due {
        next = next.min(begin_clones(mind, now, function, due, actions));
    }
    let known = mind.pool.known(function);
    let waiting = known.clones() - known.clones_starting;
    let needed = due.map_or(0, |due| due.count);
    let surplus = known.live().saturating_sub(needed).min(waiting);
    let patience = mind.cloning.patience(now, function);
    let (going, again) = mind.cloning.of(function).surplus.settle(now, surplus, patience);
    for _ in 0..going {
        let slot = mind.pool.oldest_clone(function).expect("a surplus is of clones that wait");
        room::end(mind, now, slot, StopCause::Released, actions);
    }
    mind.timers.set(Subject::Clones(function), next.min(again));
}

/// Tells keep-alive what resting instances of the function are worth for now.
fn promise(mind: &mut Mind, now: Instant, function: FunctionId, due: Option<CloneWish>) {
    let promise = due.map_or_else(Promise::default, |due| Promise {
        count: due.count,
        until: due.until,
        worth: due.worth * KEPT,
    });
    let known = mind.pool.known_mut(function);
    if std::mem::replace(&mut known.promise, promise) != promise {
        mind.keeper.on_promise(now, function, &mind.pool);
    }
}

/// Begins the clones that are missing; tells when to try again for those that may not begin
/// yet.
fn begin_clones(
    mind: &mut Mind,
    now: Instant,
    function: FunctionId,
    due: CloneWish,
    actions: &mut Vec<Action>,
) -> Instant {
    let share = u64::from(mind.cloning.settings.share.min(WHOLE));
    let most = Bytes::new(mind.pool.limit().get() / u64::from(WHOLE) * share);
    if due.beyond > 0 {
        elsewhere::ask(mind, now, function, due.beyond, due, actions);
    }
    loop {
        let (known, nearby) = (mind.pool.known(function), mind.nearby.count(now, function));
        let here = due.count.min((due.count + due.beyond).saturating_sub(nearby));
        // Where calls fail, one clone shows whether they still do.
        let here = if mind.cloning.calls_fail(function) { here.min(1) } else { here };
        if !known.deployed || known.live() >= here {
            mind.cloning.of(function).obstacle = None;
            return Instant::NEVER;
        }
        let rested = mind.cloning.rested(function);
        let rate = mind.cloning.next_start(now, function);
        let allowed = rested.max(rate);
        if allowed > now {
            let obstacle = if rested > rate { Obstacle::Failing } else { Obstacle::Rate };
            mind.cloning.of(function).obstacle = Some(obstacle);
            return allowed;
        }
        if known.live() >= due.sure && mind.cloning.holds_back(mind.pool.clone_tally()) {
            // What clones are good for is looked at with the next plan.
            mind.cloning.of(function).obstacle = Some(Obstacle::Unpaid);
            return Instant::NEVER;
        }
        let memory = known.settings().memory;
        if mind.cloning.room_of(function, memory, known.clones()) == 0 {
            mind.cloning.of(function).obstacle = Some(Obstacle::Room);
            return now + CLONE_RETRY;
        }
        // A call that waits for memory comes before one that is only expected.
        let fits = mind.pool.clones_held() + memory <= most && mind.queues.hungry() == 0;
        if !fits || room::start(mind, now, function, Purpose::clone(due.bid), actions).is_err() {
            mind.cloning.of(function).obstacle = Some(Obstacle::Room);
            let missing = due.count - mind.pool.known(function).live();
            elsewhere::ask(mind, now, function, missing + due.beyond, due, actions);
            return now + CLONE_RETRY;
        }
        mind.cloning.take_start(now, function);
    }
}
