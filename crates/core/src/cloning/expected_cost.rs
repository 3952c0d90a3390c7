//! The policy `expected-cost`: a clone is worth the cold start it saves, less what it costs.
//!
//! The newsvendor's trade (Arrow, Harris and Marschak, 1951), instance by instance: the
//! `n`-th of a function is made while the chance that the step needs it, less the price of
//! a start and the rent of its memory until then, is positive. What remains is divided by
//! the time the memory is held, start included. That is the Gittins index of keep-alive,
//! uses per second of holding (see `keepalive::hazard`), with the gap taken from the forecast
//! rather than from habit; so a clone is held against idle instances in their own terms, and nothing that is worth
//! more makes room for it. Of all functions those go first that are worth most per byte,
//! and of equal ones that whose forecast is believed least, since there the call that comes
//! after all is not foreseen otherwise.
//!
//! What a start and its memory cost is learned (see `prices` and `uses`): where most clones of late were used,
//! more of them are tried, and where few were, only what is nearly certain; where they do not pay
//! (see `balance`), nothing but what is certain, and habit alone says what is kept.

use crate::cloning::concurrency::{Need, Use};
use crate::cloning::policy::ClonePolicy;
use crate::cloning::prices::{Price, Prices};
use crate::cloning::uses::Lately;
use crate::cloning::view::{Candidate, Offer};
use crate::demand::WHOLE;
use crate::time::{Instant, Span};
use crate::wanted::CloneWish;

/// How long after a scheduled call its clone still waits for it.
const LATE: Span = Span::from_secs(2);
/// Instances of one function looked at, at most.
const DEPTH_MAX: u32 = 20_000;
/// A net worth of less is an error of arithmetic: where starts and memory are free, it would be
/// looked at every instance there can be.
const NET_LEAST: f64 = 1e-9;
/// Least length of the time that something is held.
const HELD_LEAST: f64 = 0.05;

/// The policy `expected-cost`.
#[derive(Debug, Default)]
pub struct ExpectedCost {
    prices: Prices,
}

impl ExpectedCost {
    /// A policy by these prices.
    pub fn new(prices: Prices) -> Self {
        Self { prices }
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
    fn of(candidate: &Candidate<'_>) -> Self {
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

    /// How long an instance is held until its first use in the step, or the end of it.
    fn held(&self, own: Use) -> f64 {
        (self.length * (1.0 - own.chance / 2.0)).max(HELD_LEAST)
    }

    /// What keeping the `n`-th instance is worth, in uses per second: the best over all steps
    /// to let it go after.
    fn worth(&self, n: u32, own: Use, candidate: &Candidate<'_>) -> f64 {
        let (mut used, mut held) = (own.chance, self.held(own));
        // Used over and over, it is free again and again within the step.
        let mut worth = (used / held).max(own.times / self.length.max(HELD_LEAST));
        // Forecasts speak of any call at all, which the first instance serves.
        let later = if n == 1 { candidate.ahead } else { &[] };
        let (mut silent, step) = (1.0 - own.chance, candidate.step.secs_f64());
        for later in later {
            let chance = f64::from(later.chance.min(WHOLE)) / f64::from(WHOLE);
            used += silent * chance;
            held += silent * step * (1.0 - chance / 2.0);
            silent *= 1.0 - chance;
            worth = worth.max(used / held);
        }
        worth
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
    fn weigh(&self, _: Instant, candidate: &Candidate<'_>) -> Option<Offer> {
        let window = Window::of(candidate);
        let Price { start: price, rent, trust } = self.prices.at(candidate.lately);
        let cost = if self.prices.by_cost { candidate.start.secs_f64() } else { 1.0 };
        let gb = candidate.memory.mb_f64() / 1e3;
        let start = candidate.start.secs_f64();
        let mut wish = CloneWish {
            count: 0,
            from: window.from,
            until: window.until,
            worth: 0.0,
            bid: 0.0,
            beyond: 0,
            sure: 0,
        };
        for n in 1..=candidate.ceiling.min(DEPTH_MAX) {
            let own = window.of_instance(n);
            let held = window.held(own);
            // What can still be made for the next step is not made for it now.
            let net = own.chance * cost - price - rent * gb * (held + start);
            if net <= NET_LEAST {
                break;
            }
            if own.chance * cost > self.prices.start_useless {
                wish.sure = n;
            }
            let trust = if n <= window.known { 1.0 } else { trust };
            let worth = window.worth(n, own, candidate) * cost * trust;
            (wish.count, wish.worth, wish.bid) = (n, worth, net / (held + start));
        }
        let doubt = f64::from(WHOLE - candidate.confidence.min(WHOLE)) / f64::from(WHOLE);
        let rank = wish.bid * (1.0 + doubt / 4.0) / (candidate.memory.get().max(1) as f64);
        let Candidate { function, memory, live, .. } = *candidate;
        let offer = Offer { function, memory, live, wish, rank };
        (wish.count > 0).then_some(offer)
    }

    fn price(&self, lately: Lately) -> f64 {
        self.prices.at(lately).start
    }

    fn learns(&self) -> bool {
        self.prices.learn()
    }

    fn patience(&self, step: Span) -> Span {
        step
    }

    fn least_chance(&self) -> u16 {
        let least = self.prices.start.min(self.prices.start_used);
        (least * f64::from(WHOLE)).clamp(0.0, f64::from(WHOLE)) as u16
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cloning::nearness::Node;
    use crate::cloning::placing::place;
    use crate::cloning::view::Order;
    use crate::demand::StepDemand;
    use crate::ids::FunctionId;
    use crate::units::Bytes;

    fn candidate(
        number: u32,
        calls: [u32; 4],
        chance: u16,
        mb: u64,
        live: u32,
    ) -> Candidate<'static> {
        let mut calls = calls;
        calls.sort_unstable();
        let [q10, q50, q90, q95] = calls;
        let begin = Instant::from_millis(600_000);
        let step = Span::from_mins(1);
        Candidate {
            function: FunctionId(number),
            demand: StepDemand { chance, q10, q50, q90, q95 },
            ahead: &[],
            confidence: 700,
            begin,
            end: begin + step,
            step,
            known: None,
            start: Span::from_secs(1),
            lead: Span::from_secs(1),
            run: Span::from_secs(3),
            memory: Bytes::from_mb(mb),
            concurrency: 1,
            live,
            ceiling: u32::MAX,
            lately: Lately::UNKNOWN,
        }
    }

    fn planned(candidates: &[Candidate<'_>], room: Bytes, prices: Prices) -> Vec<Order> {
        let nodes = [Node { headroom: room, distance: Span::ZERO }];
        let now = Instant::from_millis(600_000);
        let policy = ExpectedCost::new(prices);
        let offers = candidates.iter().filter_map(|candidate| policy.weigh(now, candidate));
        place(offers.collect(), &nodes, false)
    }

    fn count(candidate: Candidate<'_>, prices: Prices) -> u32 {
        let orders = planned(&[candidate], Bytes::from_mb(1 << 30), prices);
        orders.first().map_or(0, |order| order.wish.count)
    }

    fn any_candidate(number: u32) -> impl Strategy<Value = Candidate<'static>> {
        let calls = prop::array::uniform4(0u32..400_000);
        (calls, 0u16..=1000, 1u64..2000, 0u32..5)
            .prop_map(move |(calls, chance, mb, live)| candidate(number, calls, chance, mb, live))
    }

    proptest! {
        #[test]
        fn memory_is_never_overdrawn(
            candidates in prop::collection::vec(any_candidate(0), 0..20),
            room_mb in 0u64..5_000,
        ) {
            let mut candidates = candidates;
            (0..).zip(&mut candidates).for_each(|(number, own)| own.function = FunctionId(number));
            let orders = planned(&candidates, Bytes::from_mb(room_mb), Prices::default());
            let taken: u64 = orders.iter().map(|order| {
                let own = candidates[order.function.index()];
                u64::from(order.wish.count.saturating_sub(own.live)) * own.memory.get()
            }).sum();
            prop_assert!(taken <= room_mb * 1_000_000);
        }

        #[test]
        fn more_demand_never_means_fewer_clones(
            own in any_candidate(0),
            more in prop::array::uniform4(0u32..50_000),
            chance in 0u16..200,
        ) {
            let before = own.demand;
            let demand = StepDemand {
                chance: (before.chance + chance).min(1000),
                q10: before.q10 + more[0],
                q50: before.q50 + more[0] + more[1],
                q90: before.q90 + more[0] + more[1] + more[2],
                q95: before.q95 + more[0] + more[1] + more[2] + more[3],
            };
            let prices = Prices::default();
            let (less, more) = (count(own, prices), count(Candidate { demand, ..own }, prices));
            prop_assert!(more >= less);
        }

        #[test]
        fn dearer_starts_and_memory_never_mean_more_clones(
            own in any_candidate(0),
            start in 0.0f64..1.0,
            rent in 0.0f64..0.1,
            dearer in (0.0f64..1.0, 0.0f64..0.1),
        ) {
            let cheap = Prices { start, start_used: start, rent, ..Prices::default() };
            let (start, rent) = (start + dearer.0, rent + dearer.1);
            let dear = Prices { start, start_used: start, rent, ..cheap };
            for lately in [Lately::UNKNOWN, Lately { used: Some(0.5), standing: 0.7 }] {
                let own = Candidate { lately, ..own };
                prop_assert!(count(own, dear) <= count(own, cheap));
            }
        }

        #[test]
        fn the_more_clones_are_good_for_the_more_are_made(
            own in any_candidate(0),
            (used, standing) in (0.0f64..1.0, 0.0f64..1.0),
            (used_more, standing_more) in (0.0f64..1.0, 0.0f64..1.0),
        ) {
            let with = |used, standing| {
                let lately = Lately { used: Some(used), standing };
                count(Candidate { lately, ..own }, Prices::default())
            };
            let better = with((used + used_more).min(1.0), (standing + standing_more).min(1.0));
            prop_assert!(with(used, standing) <= better);
        }

        #[test]
        fn worth_and_bid_are_sane(own in any_candidate(0)) {
            for Order { wish, .. } in planned(&[own], Bytes::from_mb(1 << 30), Prices::default()) {
                prop_assert!(wish.worth.is_finite() && wish.bid > 0.0 && wish.bid.is_finite());
                prop_assert!(wish.from <= wish.until);
            }
        }
    }

    #[test]
    fn of_equal_functions_the_less_believed_and_the_more_called_go_first() {
        let sure = candidate(0, [0, 0, 0, 0], 700, 100, 0);
        let doubted = Candidate { function: FunctionId(1), confidence: 200, ..sure };
        let called = candidate(2, [0, 0, 0, 0], 950, 100, 0);
        let orders = planned(&[sure, doubted, called], Bytes::from_mb(200), Prices::default());
        let functions: Vec<u32> = orders.iter().map(|order| order.function.0).collect();
        assert_eq!(functions, [2, 1]);
    }

    #[test]
    fn a_scheduled_call_is_certain_and_has_its_time() {
        let first = Instant::from_millis(640_000);
        let known = Some(crate::cloning::view::Known { first, last: first, calls: 1 });
        let own = Candidate { known, ..candidate(0, [0; 4], 0, 100, 0) };
        let orders = planned(&[own], Bytes::from_mb(1000), Prices::default());
        assert_eq!(orders.len(), 1);
        let wish = orders[0].wish;
        assert_eq!((wish.count, wish.from), (1, Instant::from_millis(639_000)));
        assert!(wish.until < Instant::from_millis(646_000), "let go soon after");
    }
}
