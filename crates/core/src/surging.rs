//! More calls than were foreseen: what they need is made at once, without waiting for a forecast.
//!
//! There are two signs of it. A step has brought more than was said of all of it, and nothing is
//! ready for the next call: a little more than what works is made. Or the last moments brought so
//! many calls as chance does not (see `cloning::recent`): what they need at that rate is made, also
//! while others start for those that wait. Those wait whatever is done; it is for the calls that
//! follow them before the first instances are free again.

use crate::action::Action;
use crate::cloning::concurrency::Need;
use crate::cloning::scaling;
use crate::cloning::uses::Lately;
use crate::demand::{StepDemand, WHOLE};
use crate::ids::FunctionId;
use crate::mind::Mind;
use crate::reconcile;
use crate::time::{Instant, Span};
use crate::wanted::CloneWish;

/// Chance of a use soon from which on an instance is made although nothing was foreseen, unless
/// clones of late were good for so little that only what is more likely is worth a start.
const LIKELY: f64 = 0.5;
/// What making it costs, in uses.
const START: f64 = 0.1;
/// From so many calls in a step on, demand beyond the forecast is no chance.
const SURELY_LEAST: u32 = 10;
/// The least and the longest that demand beyond the forecast is taken to last.
const LASTS_LEAST: Span = Span::from_secs(10);
const LASTS_MAX: Span = Span::from_mins(5);

/// How long a call is taken to run where none was ever measured: where calls are shorter one is over
/// before so many have come that they look like a surge.
const RUN_UNKNOWN: Span = Span::from_secs(2);

/// What came beyond what was said.
struct Excess {
    /// So many thousandths of calls are taken to come while it lasts.
    calls: u32,
    lasts: Span,
    /// How long a call needs an instance.
    run: Span,
    /// So many instances it may have.
    most: u32,
    /// Whether it is no chance.
    is_sure: bool,
}

/// A call of a function was counted.
pub(crate) fn on_call(
    mind: &mut Mind,
    now: Instant,
    function: FunctionId,
    actions: &mut Vec<Action>,
) {
    let takes = mind.pool.start_time(function) + run_of(mind, function);
    let is_guess = !mind.pool.is_run_known(function);
    let busy = mind.pool.known(function);
    let needed = busy.demand().div_ceil(busy.settings().concurrency.max(1));
    let is_short = busy.idle() == 0 && busy.starting() == 0;
    let recent = &mut mind.cloning.of(function).recent;
    recent.count(now, takes, is_guess);
    recent.judge(now, needed);
    let beyond = if is_short { beyond(mind, now, function, needed) } else { None };
    let jump = jump(mind, now, function, needed);
    let Some(mut wish) = jump.into_iter().chain(beyond).max_by_key(|wish| wish.count) else {
        return;
    };
    if let Some(running) = mind.wanted.clones(function).filter(|wish| now < wish.until) {
        wish.count = wish.count.max(running.count);
        wish.until = wish.until.max(running.until);
        wish.sure = wish.sure.max(running.sure);
    }
    mind.wanted.set_clones(function, Some(wish));
    reconcile::on_clones(mind, now, function, actions);
}

/// How long a call runs, as far as any was measured.
fn run_of(mind: &Mind, function: FunctionId) -> Span {
    match mind.pool.is_run_known(function) {
        true => mind.pool.run_time(function),
        false => RUN_UNKNOWN,
    }
}

/// What to make if the step has brought more than was said of all of it.
fn beyond(mind: &Mind, now: Instant, function: FunctionId, needed: u32) -> Option<CloneWish> {
    let expected = mind.cloning.get(function)?.expected.as_ref()?;
    let calls = expected.calls(now);
    if !scaling::exceeds(expected.said(expected.place_of(now)), calls) {
        return None;
    }
    // As many again are taken to come in as long again.
    let excess = Excess {
        calls: calls.saturating_mul(1000),
        lasts: expected.elapsed(now).max(LASTS_LEAST).min(LASTS_MAX),
        run: mind.pool.run_time(function),
        most: scaling::at_once(needed),
        // Few calls come together by chance as well, however likely that makes more of them look.
        is_sure: calls >= SURELY_LEAST,
    };
    wish(mind, now, function, &excess)
}

/// What to make if the last moments brought more than chance does.
fn jump(mind: &mut Mind, now: Instant, function: FunctionId, needed: u32) -> Option<CloneWish> {
    let (start, run) = (mind.pool.start_time(function), run_of(mind, function));
    let busy = mind.pool.known(function);
    let (live, concurrency) = (busy.live(), busy.settings().concurrency.max(1));
    let known = mind.cloning.get(function)?;
    let (recent, expected) = (&known.recent, known.expected.as_ref()?);
    if !recent.may_need(live, concurrency, run) {
        return None;
    }
    let said = expected.said(expected.place_of(now));
    let wishes = recent.surges(now, said, expected.step()).filter_map(|surge| {
        // What has lasted so long is taken to last as long again, once clones are ready for it.
        let run = run.min(start + surge.age + surge.age);
        let lasts = (start + run).max(LASTS_LEAST).min(LASTS_MAX);
        let excess = Excess {
            calls: (surge.rate * lasts.secs_f64() * 1e3) as u32,
            lasts,
            run,
            most: scaling::in_jump(needed),
            is_sure: recent.is_trusted(),
        };
        let wish = wish(mind, now, function, &excess)?;
        Some((wish, now + start + surge.age + surge.age))
    });
    let (wish, due) = wishes.max_by_key(|(wish, _)| wish.count)?;
    mind.cloning.of(function).recent.claim(wish.count, due);
    Some(wish)
}

/// Instances beyond those that are there which are likely enough to be used.
fn wish(mind: &Mind, now: Instant, function: FunctionId, excess: &Excess) -> Option<CloneWish> {
    let Excess { calls, lasts, run, most, is_sure } = *excess;
    let known = mind.pool.known(function);
    let concurrency = known.settings().concurrency.max(1);
    let demand = StepDemand { chance: 0, q10: calls, q50: calls, q90: calls, q95: calls };
    let need = Need::new(demand, WHOLE, 1.0, lasts, run, concurrency);
    let likely = |price: f64| {
        (known.live() + 1..=most)
            .map_while(|n| Some((n, need.of(n))).filter(|(_, own)| own.chance >= price.max(LIKELY)))
            .last()
    };
    let policy = &mind.cloning.policy;
    let (count, own) = likely(policy.price(mind.cloning.lately()))?;
    let sure = likely(policy.price(Lately::USELESS)).filter(|_| is_sure);
    let sure = sure.map_or(0, |(sure, _)| sure);
    let held = (lasts + mind.pool.start_time(function)).secs_f64();
    let (worth, bid) = (own.chance / lasts.secs_f64(), (own.chance - START) / held);
    Some(CloneWish { count, from: now, until: now + lasts, worth, bid, beyond: 0, sure })
}
