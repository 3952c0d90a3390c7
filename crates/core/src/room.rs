//! Making room: the only place where instances are started, evicted and ended.

use crate::action::{Action, RefuseReason, StartCause, StopCause};
use crate::ids::{FunctionId, RequestId};
use crate::keepalive::keeper::Left;
use crate::mind::Mind;
use crate::time::Instant;
use crate::timers::Subject;
use crate::units::Bytes;

/// Frees memory until `need` fits, by evicting what the keeper offers: the shortfall and
/// no more, and nothing at all if the shortfall cannot be covered.
pub(crate) fn make_room(
    mind: &mut Mind,
    now: Instant,
    need: Bytes,
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
    mind.plan.reset(shortfall);
    mind.keeper.offer(now, &mind.pool, &mut mind.plan);
    if !mind.plan.is_full() {
        return false;
    }
    let count = mind.plan.victims().len();
    for place in 0..count {
        let slot = mind.plan.victims()[place];
        end(mind, now, slot, StopCause::Evicted, actions);
    }
    true
}

/// Starts an instance, making room first.
pub(crate) fn start(
    mind: &mut Mind,
    now: Instant,
    function: FunctionId,
    bound: Option<RequestId>,
    cause: StartCause,
    actions: &mut Vec<Action>,
) -> Result<(), RefuseReason> {
    let known = mind.pool.known(function);
    if known.live() >= known.settings().max_instances {
        return Err(RefuseReason::TooManyInstances);
    }
    let need = known.settings().memory;
    if !make_room(mind, now, need, actions) {
        return Err(RefuseReason::NoMemory);
    }
    let instance = mind.pool.start(now, function, bound);
    actions.push(Action::Start { instance, function, cause });
    Ok(())
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
    let function = mind.pool.at(slot).function();
    let kept = mind.pool.set_kept(slot, false);
    mind.pool.remove(now, slot);
    mind.timers.set(Subject::Idle(slot), Instant::NEVER);
    if kept {
        let left = if cause == StopCause::Evicted { Left::Evicted } else { Left::Ended };
        mind.keeper.on_unidle(now, function, slot, left, &mind.pool);
    }
    if cause != StopCause::Failed {
        actions.push(Action::Stop { instance, function, cause });
    }
    let known = mind.pool.known(function);
    if known.live() < known.settings().min_warm {
        mind.timers.set(Subject::Floor(function), now);
    }
}
