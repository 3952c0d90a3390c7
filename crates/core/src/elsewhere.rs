//! Clones for which there is no room here: a node nearby that serves the function is asked to make
//! them, and makes them if they are worth more than what rests there.
//!
//! A call that goes there is on its way for longer, so a node is asked only if the way there and
//! back takes less than the start that is saved.

use crate::action::Action;
use crate::ids::FunctionId;
use crate::mind::Mind;
use crate::nearby::{COUNT_MAX, LASTING_MAX, Request};
use crate::time::{Instant, Span};
use crate::wanted::CloneWish;

/// In millionths.
const MILLION: f64 = 1e6;

/// Asks for what is missing of a wish, less what was asked for already.
pub(crate) fn ask(
    mind: &mut Mind,
    now: Instant,
    function: FunctionId,
    missing: u32,
    wish: CloneWish,
    actions: &mut Vec<Action>,
) {
    // What others ask for here is not passed on: they know their neighbours.
    let is_own = mind.wanted.asked(function).is_none();
    let missing = missing.saturating_sub(mind.nearby.count(now, function)).min(COUNT_MAX);
    if !is_own || missing == 0 {
        return;
    }
    let farthest = Span::from_nanos(mind.pool.start_time(function).nanos() / 2);
    let memory = mind.pool.known(function).settings().memory;
    let lasting = wish.until.since(now).min(LASTING_MAX);
    let until = now + lasting;
    let chosen = mind.nearby.choose(now, function, missing, memory, farthest, until);
    let (worth, bid) = (millionths(wish.worth), millionths(wish.bid));
    actions.extend(chosen.into_iter().map(|(node, count)| {
        let request = Request { function, count, lasting, worth, bid };
        Action::AskNearby { node, request }
    }));
}

/// The wish that another node's request is.
pub(crate) fn wish(now: Instant, request: &Request) -> CloneWish {
    let count = request.count.min(COUNT_MAX);
    CloneWish {
        count,
        from: now,
        until: now + request.lasting.min(LASTING_MAX),
        worth: request.worth as f64 / MILLION,
        bid: request.bid as f64 / MILLION,
        beyond: 0,
        // Whether it is a trial is for the one who asks to know.
        sure: count,
    }
}

fn millionths(worth: f64) -> u64 {
    (worth.max(0.0) * MILLION) as u64
}
