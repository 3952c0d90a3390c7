//! The policy `expected-cost`: a clone is worth the cold start it saves, less what it costs.
//!
//! The newsvendor's trade (Arrow, Harris and Marschak, 1951), instance by instance: the
//! `n`-th of a function is made while the chance that the step needs it, less the price of
//! a start and the rent of its memory until then, is positive. What remains is divided by
//! the time the memory is held, start included. That is the Gittins index of keep-alive,
//! uses per second of holding, with the gap taken from the forecast rather than from habit;
//! so a clone is held against idle instances in their own terms, and nothing that is worth
//! more makes room for it. Of all functions those go first that are worth most per byte,
//! and of equal ones that whose forecast is believed least, since there the call that comes
//! after all is not foreseen otherwise.

use crate::cloning::concurrency::{Need, Use};
use crate::cloning::nearness::Places;
use crate::cloning::policy::ClonePolicy;
use crate::cloning::view::{Candidate, Order, View};
use crate::demand::WHOLE;
use crate::time::{Instant, Span};
use crate::wanted::CloneWish;

/// What things cost, in cold starts avoided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prices {
    /// A start that nobody asked for.
    pub start: f64,
    /// Holding a GB for a second.
    pub rent: f64,
    /// Whether an avoided start counts by its length in seconds rather than as one.
    pub by_cost: bool,
}

impl Default for Prices {
    fn default() -> Self {
        Self { start: 0.1, rent: 0.002, by_cost: false }
    }
}

/// How long after a scheduled call its clone still waits for it.
const LATE: Span = Span::from_secs(2);
/// Instances of one function looked at, at most.
const DEPTH_MAX: u32 = 20_000;
/// Least length of the time that something is held.
const HELD_LEAST: f64 = 0.05;

/// The policy `expected-cost`.
#[derive(Debug, Default)]
pub struct ExpectedCost {
    prices: Prices,
    offers: Vec<Offer>,
}

/// How many instances of a function are worth having, and how much the last one is.
#[derive(Debug, Clone, Copy)]
struct Offer {
    place: usize,
    wish: CloneWish,
    /// What the mean one is worth per byte; unbelieved forecasts first.
    rank: f64,
}

impl ExpectedCost {
    /// A policy by these prices.
    pub fn new(prices: Prices) -> Self {
        Self { prices, offers: Vec::new() }
    }

    fn offer(&self, place: usize, candidate: &Candidate) -> Option<Offer> {
        let window = Window::of(candidate);
        let mut best: Option<CloneWish> = None;
        for n in 1..=candidate.ceiling.min(DEPTH_MAX) {
            let own = window.of_instance(n);
            let Some((worth, bid)) = self.worth(own, &window, candidate) else { break };
            let (from, until) = (window.from, window.until);
            best = Some(CloneWish { count: n, from, until, worth, bid });
        }
        let wish = best?;
        let doubt =
            1.0 + f64::from(WHOLE - candidate.confidence.min(WHOLE)) / f64::from(WHOLE) / 4.0;
        let rank = wish.bid * doubt / (candidate.memory.get().max(1) as f64);
        Some(Offer { place, wish, rank })
    }

    /// What an instance is worth while it rests, and what making it is worth; none if it
    /// costs more than it saves.
    fn worth(&self, own: Use, window: &Window, candidate: &Candidate) -> Option<(f64, f64)> {
        let cost = if self.prices.by_cost { candidate.start.secs_f64() } else { 1.0 };
        let start = candidate.start.secs_f64();
        // Until its first use if that comes, else until the end: evenly in the step.
        let held = (window.length * (1.0 - own.chance / 2.0)).max(HELD_LEAST);
        let often = own.times / window.length.max(HELD_LEAST);
        let worth = (own.chance / held).max(often) * cost;
        let rent = self.prices.rent * candidate.memory.mb_f64() / 1e3 * (held + start);
        let net = own.chance * cost - self.prices.start - rent;
        (net > 0.0).then(|| (worth, (net / (held + start)).max(0.0)))
    }
}

/// The time for which instances are looked at, and what is needed in it.
struct Window {
    from: Instant,
    until: Instant,
    length: f64,
    need: Need,
    known: u32,
    concurrency: u32,
}

impl Window {
    fn of(candidate: &Candidate) -> Self {
        let Candidate { begin, end, step, .. } = *candidate;
        let length = end.since(begin).secs_f64();
        let share = (length / step.secs_f64().max(1e-3)).clamp(0.0, 1.0);
        let Candidate { demand, confidence, run, concurrency, lead, .. } = *candidate;
        let need = Need::new(demand, confidence, share, step, run, concurrency);
        let whole = Self {
            from: back(begin, lead),
            until: end,
            length,
            need,
            known: 0,
            concurrency: concurrency.max(1),
        };
        // A schedule that says all there is says when, too.
        match candidate.known {
            Some(known) if demand.chance == 0 && demand.q95 == 0 => Self {
                from: back(known.first, lead),
                until: known.last + run + LATE,
                length: (known.last.since(known.first) + LATE).secs_f64(),
                known: known.calls,
                ..whole
            },
            Some(known) => Self { known: known.calls, ..whole },
            None => whole,
        }
    }

    fn of_instance(&self, n: u32) -> Use {
        let mut own = self.need.of(n);
        if n <= self.known.div_ceil(self.concurrency) {
            own = Use { chance: 1.0, times: own.times.max(1.0) };
        }
        own
    }
}

fn back(at: Instant, span: Span) -> Instant {
    Instant::from_nanos(at.nanos().saturating_sub(span.nanos()))
}

impl ClonePolicy for ExpectedCost {
    fn plan(&mut self, view: &View<'_>, orders: &mut Vec<Order>) {
        let mut offers = std::mem::take(&mut self.offers);
        let each = view.candidates.iter().enumerate();
        offers.extend(each.filter_map(|(place, candidate)| self.offer(place, candidate)));
        let order = |a: &Offer, b: &Offer| b.rank.total_cmp(&a.rank).then(a.place.cmp(&b.place));
        offers.sort_unstable_by(order);
        let mut places = Places::new(view.nodes);
        for offer in offers.drain(..) {
            let candidate = &view.candidates[offer.place];
            let mut wish = offer.wish;
            let there = candidate.live.min(wish.count);
            let placed =
                (there..wish.count).take_while(|_| places.take(candidate.memory).is_some());
            wish.count = there + placed.count() as u32;
            if wish.count > 0 {
                orders.push(Order { function: candidate.function, wish });
            }
        }
        self.offers = offers;
    }

    fn patience(&self, step: Span) -> Span {
        step
    }
}
