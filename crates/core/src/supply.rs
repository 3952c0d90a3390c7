//! When to order a start for requests that wait.
//!
//! A start is one of three ways to serve a queue; the others are an instance that becomes
//! free and a start already on its way. It is ordered if it is sooner than they are, or
//! if one more instance would be kept anyway, or if it costs nobody anything. Short of
//! memory, starts under way per function are few: each holds memory for a long time
//! before it serves anyone, and many at once starve the very instances that work (the
//! storm in which a loaded node feeds on its own cold starts).

use crate::action::{Action, RefuseReason, StartCause};
use crate::ids::FunctionId;
use crate::mind::Mind;
use crate::pool::instance::State;
use crate::pool::ledger::Pool;
use crate::room;
use crate::settings::Dispatch;
use crate::time::{Instant, Span};
use crate::timers::Subject;

/// A wait not worth a thought.
const NOTHING: Span = Span::from_millis(1);
/// Starts under way per function that together take so long are enough, short of memory.
const STARTS_AHEAD: Span = Span::from_secs(10);
/// Memory at work, in % of the limit, below which starts are not limited.
const RELAXED_PCT: u64 = 30;
/// Free memory, in %, that starts beyond the limit of one function may take.
const GENEROUS_PCT: u64 = 50;
/// Bounds on when to look again.
const RECHECK_LEAST: Span = Span::from_millis(20);
const RECHECK_LIMITED: Span = Span::from_secs(1);
/// How often functions that wait for memory are looked at, if nothing happens before.
const HUNGRY: Span = Span::from_millis(200);
/// Functions looked at per occasion: a bound on the work one event can cause.
const LOOKS: usize = 64;
/// Failures in a row after which the others would most likely fail as well.
const FAILURES: usize = 4;
/// Instances looked at to foresee a wait.
const FORESEEN: usize = 128;

/// What to do for a function's queue now.
enum Verdict {
    /// Begin a start; room may be made for it, or not.
    Start,
    /// Look again after so long.
    Wait(Span),
}

/// A request has joined the function's queue: considers a start for it, even if there
/// are as many starts under way as requests waiting, since those may have been ordered
/// long ago for others.
pub(crate) fn supply_one_more(
    mind: &mut Mind,
    now: Instant,
    function: FunctionId,
    actions: &mut Vec<Action>,
) {
    consider(mind, now, function, true, actions);
}

/// Orders starts until the function's queue is well served.
pub(crate) fn supply(
    mind: &mut Mind,
    now: Instant,
    function: FunctionId,
    actions: &mut Vec<Action>,
) {
    consider(mind, now, function, false, actions);
}

fn consider(
    mind: &mut Mind,
    now: Instant,
    function: FunctionId,
    mut one_more: bool,
    actions: &mut Vec<Action>,
) {
    loop {
        let Some(head) = mind.queues.head(function) else {
            mind.timers.set(Subject::Supply(function), Instant::NEVER);
            return;
        };
        match verdict(mind, now, function, std::mem::take(&mut one_more)) {
            Verdict::Wait(span) => {
                mind.timers.set(Subject::Supply(function), now + span);
                return;
            }
            Verdict::Start => {}
        }
        if room::thaw(mind, now, function, None, actions) {
            continue;
        }
        let purpose = room::Purpose {
            cause: StartCause::Request,
            bound: None,
            waited: Some(now.since(head.since)),
            bid: None,
        };
        match room::start(mind, now, function, purpose, actions) {
            Ok(()) => {}
            Err(RefuseReason::NoMemory) => {
                mind.timers.set(Subject::Supply(function), Instant::NEVER);
                mind.queues.set_hungry(function);
                if !mind.timers.is_set(Subject::Memory) {
                    mind.timers.set(Subject::Memory, now + HUNGRY);
                }
                return;
            }
            Err(_) => {
                mind.timers.set(Subject::Supply(function), now + RECHECK_LIMITED);
                return;
            }
        }
    }
}

fn verdict(mind: &mut Mind, now: Instant, function: FunctionId, one_more: bool) -> Verdict {
    let pool = &mind.pool;
    let waiting = mind.queues.len(function);
    let known = pool.known(function);
    let concurrency = known.settings().concurrency.max(1);
    if !one_more && known.starting().saturating_mul(concurrency) >= waiting {
        // Each has a start under way already; when one ends, the queue is looked at again.
        return Verdict::Wait(RECHECK_LIMITED);
    }
    let start = pool.start_time(function);
    // The rounds alone may tell that it is longer than a start; how much does not matter.
    let rounds = full_rounds(pool, function, waiting - 1);
    let wait = match rounds > start.max(NOTHING) {
        true => rounds,
        false => expected_wait(pool, now, function, waiting - 1),
    };
    if wait <= NOTHING {
        return Verdict::Wait(RECHECK_LEAST);
    }
    let working = pool.account().held(State::Busy) + pool.account().held(State::Starting);
    let relaxed = working.get() < pool.limit().get() / 100 * RELAXED_PCT;
    let enough = (STARTS_AHEAD.nanos().div_ceil(start.nanos().max(1))).max(1);
    let starting = u64::from(known.starting());
    let limited = !relaxed && starting >= enough;
    let memory = known.settings().memory.get();
    let free = pool.free().get();
    if memory <= free {
        let generous = memory.saturating_mul(starting + 1) <= free / 100 * GENEROUS_PCT;
        if !limited || generous {
            return Verdict::Start;
        }
    }
    let wanted = wait > start || mind.keeper.invests(now, function, pool);
    match (wanted, limited) {
        (true, false) => Verdict::Start,
        (true, true) => Verdict::Wait(half(start).min(RECHECK_LIMITED).max(RECHECK_LEAST)),
        (false, _) => Verdict::Wait((wait + tenth(wait)).max(RECHECK_LEAST)),
    }
}

/// How long the request at `place` of the queue (from 0) will wait if nothing is started:
/// the instances at work and on their way, each in its turn, and round again if there are
/// more requests than instances. `FOREVER` if there is none.
pub(crate) fn expected_wait(pool: &Pool, now: Instant, function: FunctionId, place: u32) -> Span {
    let known = pool.known(function);
    let servers = known.busy() + known.starting();
    if servers == 0 {
        return Span::FOREVER;
    }
    let turn = place / known.settings().concurrency.max(1);
    let (rounds, rank) = (turn / servers, (turn % servers) as usize);
    let mut lefts = Lefts::of(pool, now, function);
    lefts.nth(rank) + pool.run_time(function) * u64::from(rounds)
}

/// What the request at `place` waits at least: the rounds before its own.
fn full_rounds(pool: &Pool, function: FunctionId, place: u32) -> Span {
    let known = pool.known(function);
    let servers = known.busy() + known.starting();
    let turn = place / known.settings().concurrency.max(1);
    pool.run_time(function) * u64::from(turn.checked_div(servers).unwrap_or(0))
}

/// How long each instance of a function that works or is on its way will still do so, as
/// far as looked at.
struct Lefts {
    spans: [Span; 2 * FORESEEN],
    count: usize,
}

impl Lefts {
    fn of(pool: &Pool, now: Instant, function: FunctionId) -> Self {
        let (run, start) = (pool.run_time(function), pool.start_time(function));
        let left = |slot: u32, usual: Span| remaining(usual, now.since(pool.at(slot).since()));
        let busy = pool.busy(function).take(FORESEEN).map(|slot| left(slot, run));
        let starting = pool.starting(function).take(FORESEEN).map(|slot| left(slot, start));
        let mut lefts = Self { spans: [Span::ZERO; 2 * FORESEEN], count: 0 };
        for (place, left) in lefts.spans.iter_mut().zip(busy.chain(starting)) {
            *place = left;
            lefts.count += 1;
        }
        lefts
    }

    /// The one that has so many before it; the last for those that were not looked at.
    fn nth(&mut self, rank: usize) -> Span {
        let rank = rank.min(self.count - 1);
        let (_, &mut left, _) = self.spans[..self.count].select_nth_unstable(rank);
        left
    }
}

/// What is left of something that usually takes `usual` and has taken `passed`: once it
/// overruns, as long again as it has overrun, but not nothing.
fn remaining(usual: Span, passed: Span) -> Span {
    if passed < usual { usual - passed } else { (passed - usual).max(tenth(usual)) }
}

fn tenth(span: Span) -> Span {
    Span::from_nanos(span.nanos() / 10)
}

fn half(span: Span) -> Span {
    Span::from_nanos(span.nanos() / 2)
}

/// Lets functions that wait for memory try again, the longest waiting first; who fails
/// goes to the end of the line. After a few failures in a row the rest is left for the
/// next occasion, or for the next look at all of them.
pub(crate) fn feed_hungry(mind: &mut Mind, now: Instant, actions: &mut Vec<Action>) {
    look_at_hungry(mind, now, FAILURES, actions);
}

/// The regular look at functions that wait for memory.
pub(crate) fn on_hungry_deadline(mind: &mut Mind, now: Instant, actions: &mut Vec<Action>) {
    look_at_hungry(mind, now, LOOKS, actions);
    if mind.queues.hungry() > 0 {
        mind.timers.set(Subject::Memory, now + HUNGRY);
    }
}

fn look_at_hungry(mind: &mut Mind, now: Instant, failures: usize, actions: &mut Vec<Action>) {
    let mut failed = 0;
    for _ in 0..mind.queues.hungry().min(LOOKS) {
        let Some(function) = mind.queues.pop_hungry() else { return };
        let need = mind.pool.known(function).settings().memory;
        if mind.queues.head(function).is_none() {
            continue;
        }
        let possible = need <= mind.pool.free() + mind.pool.account().idle();
        let before = actions.len();
        if possible {
            supply(mind, now, function, actions);
        } else {
            mind.queues.set_hungry(function);
        }
        failed = if actions.len() > before { 0 } else { failed + 1 };
        if failed >= failures {
            return;
        }
    }
}

/// The first place of the function's queue, at or after `from`, that is not about to be
/// served: no start is under way for it, and it is not expected to be served sooner than
/// a start would serve it.
pub(crate) fn uncovered(pool: &Pool, now: Instant, function: FunctionId, from: u32) -> u32 {
    let known = pool.known(function);
    let concurrency = known.settings().concurrency.max(1);
    let (starting, servers) = (known.starting(), known.starting() + known.busy());
    if servers == 0 {
        return from;
    }
    let from = from.max(starting.saturating_mul(concurrency));
    let (run, start) = (pool.run_time(function), pool.start_time(function));
    let mut lefts = Lefts::of(pool, now, function);
    let lefts = &mut lefts.spans[..lefts.count];
    lefts.sort_unstable();
    // Instances take turns in rounds; so many of a round are soon enough.
    let soon = |round: u32| lefts.partition_point(|&left| left + run * u64::from(round) <= start);
    let turn = from / concurrency;
    let (round, rank) = (turn / servers, turn % servers);
    let here = soon(round);
    if here < lefts.len() && rank.max(here as u32) < servers {
        return from.max((round * servers + rank.max(here as u32)).saturating_mul(concurrency));
    }
    // The first round in which the one that takes longest is too late.
    let longest = lefts[lefts.len() - 1];
    let whole = match longest <= start {
        true => (start - longest).nanos().checked_div(run.nanos()).map_or(u64::MAX, |n| n + 1),
        false => 0,
    };
    let round = u32::try_from(whole).unwrap_or(u32::MAX).max(round + 1);
    round.saturating_mul(servers).saturating_add(soon(round) as u32).saturating_mul(concurrency)
}

/// Keeps the deadline of the queue at that of its head.
pub(crate) fn watch_queue(mind: &mut Mind, function: FunctionId) {
    let Dispatch::Wait(limits) = mind.dispatch else { return };
    let head = mind.queues.head(function);
    let at = head.map_or(Instant::NEVER, |head| head.since + limits.longest);
    mind.timers.set(Subject::Queue(function), at);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::FunctionSettings;
    use crate::units::Bytes;

    const F: FunctionId = FunctionId(0);

    /// A pool whose function usually runs 10 s and starts in 4 s, with one instance busy
    /// since each of the given seconds, and one starting since each of the others.
    fn pool(busy: &[u64], starting: &[u64], concurrency: u32) -> Pool {
        let mut pool = Pool::new(Bytes::from_mb(1000));
        let settings =
            FunctionSettings { concurrency, ..FunctionSettings::plain(Bytes::from_mb(1)) };
        pool.deploy(F, settings);
        pool.note_run(F, Span::from_secs(10));
        pool.note_start(F, Span::from_secs(4));
        let at = |seconds: &u64| Instant::from_millis(seconds * 1000);
        for seconds in busy {
            let slot = pool.start(at(seconds), F, None).slot;
            pool.rest(at(seconds), slot, State::PreWarmed);
            pool.assign(at(seconds), slot);
        }
        for seconds in starting {
            pool.start(at(seconds), F, None);
        }
        pool
    }

    #[test]
    fn waits_are_foreseen_from_who_is_at_work_and_on_the_way() {
        let now = Instant::from_millis(20_000);
        for (busy, starting, concurrency, place, expected_ms) in [
            // Nobody is there.
            (&[][..], &[][..], 1, 0, None),
            // One is busy since 13 s: 3 s left, the next round 10 s later.
            (&[13], &[], 1, 0, Some(3_000)),
            (&[13], &[], 1, 1, Some(13_000)),
            // Two: the sooner first, then the later, then the sooner again.
            (&[13, 18], &[], 1, 0, Some(3_000)),
            (&[13, 18], &[], 1, 1, Some(8_000)),
            (&[13, 18], &[], 1, 2, Some(13_000)),
            // A start under way has 2 s left and is the first to be ready.
            (&[13], &[18], 1, 0, Some(2_000)),
            (&[13], &[18], 1, 1, Some(3_000)),
            // Overrun by 5 s: as long again; by nothing: a tenth of the usual.
            (&[5], &[], 1, 0, Some(5_000)),
            (&[10], &[], 1, 0, Some(1_000)),
            // Three at a time: the first three take the first turn.
            (&[13], &[], 3, 2, Some(3_000)),
            (&[13], &[], 3, 3, Some(13_000)),
        ] {
            let found = expected_wait(&pool(busy, starting, concurrency), now, F, place);
            let expected = expected_ms.map_or(Span::FOREVER, Span::from_millis);
            assert_eq!(found, expected, "{busy:?} {starting:?} place {place} of {concurrency}");
        }
    }

    #[test]
    fn the_next_to_refuse_is_whom_looking_at_every_place_would_find() {
        let now = Instant::from_millis(20_000);
        for (busy, starting, concurrency, expected) in [
            (&[][..], &[][..], 1, 0),
            // Starts under way cover as many, whatever they take.
            (&[], &[3, 18], 1, 2),
            (&[], &[3, 18], 3, 6),
            // A start takes 4 s: 3 s left is soon enough, 8 s is not.
            (&[13, 18], &[], 1, 1),
            (&[13, 18], &[], 3, 3),
            // Nobody is soon enough.
            (&[18, 19], &[], 1, 0),
            // All are, for one round of 10 s and no more.
            (&[11, 12, 13], &[], 1, 3),
            (&[12, 15], &[19], 1, 2),
        ] {
            let pool = pool(busy, starting, concurrency);
            let start = pool.start_time(F);
            let soon = |place: u32| {
                place < starting.len() as u32 * concurrency
                    || expected_wait(&pool, now, F, place) <= start
            };
            for from in 0..12 {
                let naive = (from..).find(|&place| !soon(place)).expect("some place is too far");
                let found = uncovered(&pool, now, F, from);
                assert_eq!(found, naive, "{busy:?} {starting:?} of {concurrency} from {from}");
            }
            assert_eq!(uncovered(&pool, now, F, 0), expected, "{busy:?} {starting:?}");
        }
    }
}
