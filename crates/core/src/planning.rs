//! Planning of clones: what is said of a step, weighed by the policy when the step is near.
//!
//! Steps are planned twice: shortly before they begin, by the last forecast, so that clones
//! are there at their first moment; and when they have begun, by the newest. Where starts take
//! longer than a step, both are done as many whole steps earlier as a start lasts.
//!
//! News waits while a mind decides, and a request is news. So the plan of many functions is made
//! in parts, each at a wake-up of its own: functions are weighed some at a time, all that was
//! offered is ranked at once, and the wishes are carried out some at a time. What happens
//! meanwhile is heard; a newer forecast begins the plan anew.

use crate::action::Action;
use crate::cloning::draft::{Draft, Wish};
use crate::cloning::manager::Foreseen;
use crate::cloning::nearness::Node;
use crate::cloning::placing::place;
use crate::cloning::view::{Candidate, Known, Order};
use crate::demand::WHOLE;
use crate::ids::FunctionId;
use crate::mind::Mind;
use crate::reconcile;
use crate::time::{Instant, Span};
use crate::timers::Subject;
use crate::units::Bytes;

/// Of many functions, so many are planned for at a time.
const PART: usize = 256;
/// From one part to the next. A forecast of many functions comes in parts as well, and the plan
/// begins when so long none came.
const PAUSE: Span = Span::from_millis(10);

/// A forecast was taken in.
pub(crate) fn renew(mind: &mut Mind, now: Instant, actions: &mut Vec<Action>) {
    mind.cloning.draft = None;
    match mind.cloning.is_large() {
        true => mind.timers.set(Subject::Plan, now + PAUSE),
        false => plan(mind, now, actions),
    }
}

/// A step is about to begin, or has begun without a new forecast; or the next part of a plan is
/// due.
pub(crate) fn plan(mind: &mut Mind, now: Instant, actions: &mut Vec<Action>) {
    let tally = mind.pool.clone_tally();
    mind.cloning.look_back(now, tally);
    let mut draft = mind.cloning.draft.take().unwrap_or_else(|| begin(mind, now));
    let is_large = mind.cloning.is_large();
    let mut left = if is_large { PART } else { usize::MAX };
    if draft.wishes.is_none() {
        left = weigh(mind, now, &mut draft, left);
        if left > 0 {
            rank(mind, now, &mut draft);
            left = if is_large { 0 } else { left };
        }
    }
    if let Some(wishes) = &mut draft.wishes {
        while left > 0 {
            left -= 1;
            match wishes.next() {
                Some(wish) => carry_out(mind, now, wish, draft.is_ahead, actions),
                None => {
                    mind.timers.set(Subject::Plan, draft.again);
                    return;
                }
            }
        }
    }
    mind.cloning.draft = Some(draft);
    mind.timers.set(Subject::Plan, now + PAUSE);
}

fn begin(mind: &Mind, now: Instant) -> Draft {
    let current = mind.cloning.functions().filter_map(|(function, known)| {
        let expected = known.expected.as_ref().filter(|expected| expected.is_current(now))?;
        let end = expected.begins(expected.place_of(now) + 1);
        let (_, rest) = steps_before(lead(mind, function, known), expected.step());
        Some((end, rest))
    });
    let (mut ends, mut longest) = (Instant::NEVER, Span::ZERO);
    for (end, rest) in current {
        ends = ends.min(end);
        longest = longest.max(rest);
    }
    let before = Instant::from_nanos(ends.nanos().saturating_sub(longest.nanos()));
    let is_ahead = ends != Instant::NEVER && now >= before;
    let (at, again) = if is_ahead { (ends, ends) } else { (now, before) };
    Draft { at, is_ahead, again, next: 0, offers: Vec::new(), wishes: None }
}

/// Weighs at most so many functions; tells how many more it could have.
fn weigh(mind: &Mind, now: Instant, draft: &mut Draft, most: usize) -> usize {
    let functions = mind.cloning.functions().skip(draft.next).take(most);
    let mut left = most;
    for (function, known) in functions {
        left -= 1;
        draft.next += 1;
        let at = draft.at + early(mind, function, known);
        let candidate = candidate(mind, now, at, function, known);
        draft
            .offers
            .extend(candidate.and_then(|candidate| mind.cloning.policy.weigh(now, &candidate)));
    }
    left
}

/// All are weighed: who gets what, and who had a wish and has none now.
fn rank(mind: &mut Mind, now: Instant, draft: &mut Draft) {
    let nodes = [Node { headroom: room_for_clones(mind), distance: Span::ZERO }];
    let missing = |count: u32, live: u32| u64::from(count.saturating_sub(live));
    let wished = draft.offers.iter().map(|offer| missing(offer.wish.count, offer.live));
    let wished: u64 = wished.sum();
    let orders = place(std::mem::take(&mut draft.offers), &nodes, mind.nearby.is_any());
    let placed = orders
        .iter()
        .map(|order| missing(order.wish.count, mind.pool.known(order.function).live()));
    mind.cloning.short.room += wished.saturating_sub(placed.sum());
    let mut wishes = Vec::new();
    // A wish for the next step does not end what is wished for in this one.
    if !draft.is_ahead {
        let mut kept: Vec<FunctionId> = orders.iter().map(|order| order.function).collect();
        kept.sort_unstable();
        let wished = mind.cloning.functions();
        let gone = wished
            .filter(|&(function, known)| {
                mind.wanted.clones(function).is_some_and(|wish| {
                    // Nor does one for a later step, where starts take longer than one.
                    early(mind, function, known) == Span::ZERO || wish.from > now
                })
            })
            .map(|(function, _)| function)
            .filter(|function| kept.binary_search(function).is_err());
        wishes.extend(gone.map(Wish::None));
    }
    wishes.extend(orders.into_iter().map(Wish::Some));
    draft.wishes = Some(wishes.into_iter());
}

fn carry_out(mind: &mut Mind, now: Instant, wish: Wish, is_ahead: bool, actions: &mut Vec<Action>) {
    let (function, wish) = match wish {
        Wish::None(function) => (function, None),
        Wish::Some(mut order) => {
            let known = mind.cloning.get(order.function);
            let is_early =
                known.is_some_and(|known| early(mind, order.function, known) > Span::ZERO);
            if is_ahead || is_early {
                add_to_running(mind, now, &mut order);
            }
            (order.function, Some(order.wish))
        }
    };
    note_short(mind, now, function);
    // It may be gone, or want no clones, since it was weighed.
    let deployed = mind.pool.function(function).is_some_and(|known| known.deployed);
    let wish = wish.filter(|_| deployed && mind.cloning.clones(function));
    mind.wanted.set_clones(function, wish);
    reconcile::on_clones(mind, now, function, actions);
}

/// A wish is weighed anew: what is missing of it comes too late.
fn note_short(mind: &mut Mind, now: Instant, function: FunctionId) {
    let due = mind.wanted.clones(function).filter(|wish| wish.from <= now);
    let Some((due, known)) = due.zip(mind.pool.function(function)) else { return };
    let missing = due.count.saturating_sub(known.live());
    if let Some(obstacle) = mind.cloning.of(function).obstacle.take() {
        mind.cloning.short.add(obstacle, missing);
    }
}

/// Memory that clones may still take. What keep-alive would give away for them is not known
/// before it is asked for, so this is the share of the settings alone.
pub(crate) fn room_for_clones(mind: &Mind) -> Bytes {
    let share = u64::from(mind.cloning.settings.share.min(WHOLE));
    let limit = Bytes::new(mind.pool.limit().get() / u64::from(WHOLE) * share);
    limit.saturating_sub(mind.pool.clones_held())
}

fn lead(mind: &Mind, function: FunctionId, known: &Foreseen) -> Span {
    known.lead.span(mind.pool.start_time(function))
}

/// How many whole steps a start takes, and how long beyond.
fn steps_before(lead: Span, step: Span) -> (u64, Span) {
    let steps = lead.nanos() / step.nanos().max(1);
    (steps, lead - step * steps)
}

/// How much earlier than others a function is planned for, as its starts take longer than a step.
pub(crate) fn early(mind: &Mind, function: FunctionId, known: &Foreseen) -> Span {
    let Some(expected) = &known.expected else { return Span::ZERO };
    let (steps, _) = steps_before(lead(mind, function, known), expected.step());
    expected.step() * steps
}

pub(crate) fn candidate<'a>(
    mind: &Mind,
    now: Instant,
    at: Instant,
    function: FunctionId,
    known: &'a Foreseen,
) -> Option<Candidate<'a>> {
    let expected = known.expected.as_ref()?;
    let function_known = mind.pool.function(function).filter(|known| known.deployed)?;
    let place = expected.place_of(at);
    let (begin, end) = (expected.begins(place).max(now), expected.begins(place + 1));
    let surely = expected.known(begin, end);
    let said = expected.said(place);
    if said.is_none() && surely.is_empty() {
        return None;
    }
    let settings = function_known.settings();
    let clones = function_known.clones();
    let more = mind.cloning.room_of(function, settings.memory, clones);
    Some(Candidate {
        function,
        demand: said.unwrap_or_default(),
        ahead: expected.after(place),
        confidence: expected.confidence,
        begin,
        end,
        step: expected.step(),
        known: surely.first().zip(surely.last()).map(|(&first, &last)| Known {
            first,
            last,
            calls: surely.len() as u32,
        }),
        start: mind.pool.start_time(function),
        lead: lead(mind, function, known),
        run: mind.pool.run_time(function),
        memory: settings.memory,
        concurrency: settings.concurrency.max(1),
        live: function_known.live(),
        ceiling: settings.max_instances.min(function_known.live().saturating_add(more)),
        lately: mind.cloning.lately(),
    })
}

/// A wish for the next step does not end what is wished for in this one.
fn add_to_running(mind: &Mind, now: Instant, order: &mut Order) {
    let running = mind.wanted.clones(order.function);
    if let Some(running) = running.filter(|wish| wish.from <= now && now < wish.until) {
        let wish = &mut order.wish;
        wish.count = wish.count.max(running.count);
        wish.from = running.from;
        wish.until = wish.until.max(running.until);
        wish.worth = wish.worth.max(running.worth);
        wish.sure = wish.sure.max(running.sure);
    }
}
