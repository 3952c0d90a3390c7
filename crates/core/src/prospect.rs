//! What a mind makes of the forecast of one function, for people who ask: how many clones it
//! wishes for, and what stands in the way of more. Nothing is decided here; the policy is asked
//! as it is asked for a plan.

use crate::cloning::health::CallHealth;
use crate::cloning::scaling;
use crate::cloning::uses::Lately;
use crate::cloning::view::Candidate;
use crate::demand::{StepDemand, WHOLE};
use crate::ids::FunctionId;
use crate::mind::Mind;
use crate::planning;
use crate::settings::CloningMode;
use crate::time::Instant;

/// What a mind makes of the forecast of a function.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prospect {
    /// What forecasts of it may do.
    pub mode: CloningMode,
    /// Instances it has, at work or not; those of the second mind where it is in shadow.
    pub live: u32,
    /// Of these, clones that wait for their first call, those that start included.
    pub clones: u32,
    /// Instances that are wished for, those at work included; 0 without a wish.
    pub wanted: u32,
    /// So many more would be worth it, for which clones have no room here.
    pub beyond: u32,
    /// Until when the wish holds.
    pub until: Option<Instant>,
    /// The chance of a call in the step under way from which on a clone is worth its start, in
    /// thousandths; none if no chance is enough, or nothing is expected.
    pub enough: Option<u16>,
    /// Why there are as many and no more.
    pub why: Why,
}

/// Why there are as many clones as there are, and no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Clones of it are not made.
    Off,
    /// No forecast speaks of the time that has come.
    Unforeseen,
    /// The chance is too small for what a start costs.
    Unworthy,
    /// As many calls came as were to be expected: habit knows better what follows.
    Fulfilled,
    /// Others are worth more of what memory clones may hold.
    Outranked,
    /// It is early enough to begin then.
    Later(Instant),
    /// All that are wished for are there, or on their way.
    There,
    /// Clones failed; the next may begin then.
    Failing(Instant),
    /// The last calls, so many, had no answer; one clone at most waits, and the next may begin then.
    CallsFail(u32, Instant),
    /// As many starts as may be in a second were begun; the next may begin then.
    Capped(Instant),
    /// A call waits for memory, and comes first.
    CallsWait,
    /// Clones have cost more starts of late than they were worth, and this one is not certain to be
    /// used.
    Unpaid,
    /// What waits takes all the memory that clones may hold.
    ShareUsed,
    /// The same, of what clones of this function may.
    OwnShareUsed,
    /// No memory is free, and nothing that rests is worth less.
    NoRoom,
    /// Nothing: one that is missing begins with the next look.
    Due,
}

/// What a mind makes of the forecast of a function; none if it does not know the function.
pub(crate) fn prospect(mind: &Mind, now: Instant, function: FunctionId) -> Option<Prospect> {
    let known = mind.pool.function(function).filter(|known| known.deployed)?;
    let wish = mind.wanted.clones(function).filter(|wish| now < wish.until);
    let foreseen = mind.cloning.get(function);
    let candidate = foreseen.and_then(|own| planning::candidate(mind, now, now, function, own));
    let (live, clones) = (known.live(), known.clones());
    let why = match wish {
        _ if !mind.cloning.clones(function) => Why::Off,
        Some(wish) if now < wish.from => Why::Later(wish.from),
        Some(wish) if live >= wish.count => Why::There,
        Some(wish) => hindered(mind, now, function, live >= wish.sure),
        None => match candidate {
            None => Why::Unforeseen,
            Some(_) if is_fulfilled(mind, now, function) => Why::Fulfilled,
            Some(candidate) => match mind.cloning.policy.weigh(now, &candidate) {
                Some(offer) if offer.wish.from > now => Why::Later(offer.wish.from),
                Some(offer) if planning::room_for_clones(mind) < offer.memory => Why::ShareUsed,
                Some(_) => Why::Outranked,
                None if is_full(mind, function) => Why::OwnShareUsed,
                None if is_unpaid(mind, now, candidate) => Why::Unpaid,
                None => Why::Unworthy,
            },
        },
    };
    Some(Prospect {
        mode: mind.cloning.mode(function),
        live,
        clones,
        wanted: wish.map_or(0, |wish| wish.count),
        beyond: wish.map_or(0, |wish| wish.beyond),
        until: wish.map(|wish| wish.until),
        enough: candidate.and_then(|candidate| enough(mind, now, candidate)),
        why,
    })
}

fn is_fulfilled(mind: &Mind, now: Instant, function: FunctionId) -> bool {
    let expected = mind.cloning.get(function).and_then(|own| own.expected.as_ref());
    expected.is_some_and(|expected| {
        let said = expected.said(expected.place_of(now));
        said.is_some_and(|said| scaling::is_fulfilled(said, expected.calls(now)))
    })
}

/// Whether clones of a function hold all that they may by its own bound.
fn is_full(mind: &Mind, function: FunctionId) -> bool {
    let known = mind.pool.known(function);
    mind.cloning.room_of(function, known.settings().memory, known.clones()) == 0
}

/// Whether a clone would be worth it, had clones of late been worth what they cost.
fn is_unpaid(mind: &Mind, now: Instant, candidate: Candidate<'_>) -> bool {
    let lately = Lately { standing: 1.0, ..candidate.lately };
    mind.cloning.policy.weigh(now, &Candidate { lately, ..candidate }).is_some()
}

/// What keeps a clone that is wished for and due from being begun.
fn hindered(mind: &Mind, now: Instant, function: FunctionId, is_unsure: bool) -> Why {
    let own = mind.cloning.get(function);
    let failing = own.map_or(Instant::ZERO, |own| own.health.until());
    let calls = own.map(|own| own.calls).filter(CallHealth::is_failing);
    let capped = mind.cloning.next_start(now, function);
    let memory = mind.pool.known(function).settings().memory;
    if let Some(calls) = calls {
        return Why::CallsFail(calls.failures(), calls.until().max(now));
    }
    match () {
        () if failing > now => Why::Failing(failing),
        () if capped > now => Why::Capped(capped),
        () if mind.queues.hungry() > 0 => Why::CallsWait,
        () if is_unsure && mind.cloning.holds_back(mind.pool.clone_tally()) => Why::Unpaid,
        () if is_full(mind, function) => Why::OwnShareUsed,
        () if planning::room_for_clones(mind) < memory => Why::ShareUsed,
        () if mind.pool.free() < memory => Why::NoRoom,
        () => Why::Due,
    }
}

/// The least chance for which the policy offers anything, all else being as it is.
fn enough(mind: &Mind, now: Instant, candidate: Candidate<'_>) -> Option<u16> {
    let offers = |chance: u16| {
        let demand = StepDemand { chance, ..StepDemand::default() };
        let candidate = Candidate { demand, known: None, ..candidate };
        mind.cloning.policy.weigh(now, &candidate).is_some()
    };
    let (mut below, mut from) = (0, WHOLE);
    if !offers(from) {
        return None;
    }
    while from - below > 1 {
        let middle = below + (from - below) / 2;
        *(if offers(middle) { &mut from } else { &mut below }) = middle;
    }
    Some(from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::Action;
    use crate::catalog;
    use crate::cloning::balance::{Balance, Fared};
    use crate::decide::decide;
    use crate::demand::{DemandForecast, FunctionDemand};
    use crate::event::Event;
    use crate::settings::{CloningSettings, FunctionSettings, SiteSettings};
    use crate::site::Site;
    use crate::time::Span;
    use crate::units::Bytes;

    const F: FunctionId = FunctionId(0);

    /// A mind with one function, of which two minutes with these chances are expected.
    fn site(mode: CloningMode, memory_mb: u64, chances: [u16; 2]) -> Site {
        let settings =
            SiteSettings { memory: Bytes::from_mb(memory_mb), seed: 1, policy: "lru".to_string() };
        let mut site = Site::new(&settings).expect("the policy is there");
        for event in events(mode, chances) {
            site.handle(at(60), event, &mut Vec::new());
        }
        site
    }

    fn events(mode: CloningMode, chances: [u16; 2]) -> [Event; 3] {
        let settings = Box::new(FunctionSettings::plain(Bytes::from_mb(100)));
        let cloning = Box::new(CloningSettings { mode, ..CloningSettings::default() });
        let step = |chance| StepDemand { chance, ..StepDemand::default() };
        let (steps, known) = (chances.map(step).to_vec(), Vec::new());
        let functions = vec![FunctionDemand { function: F, confidence: 900, steps, known }];
        let (origin, step) = (at(60), Span::from_mins(1));
        let forecast = Box::new(DemandForecast { origin, step, functions });
        [
            Event::FunctionDeployed { function: F, settings },
            Event::CloningSet { settings: cloning },
            Event::DemandForeseen { forecast },
        ]
    }

    fn at(seconds: u64) -> Instant {
        Instant::ZERO + Span::from_secs(seconds)
    }

    fn told(site: &Site, seconds: u64) -> Prospect {
        site.prospect(at(seconds), F).expect("it is deployed")
    }

    #[test]
    fn it_says_why_there_are_as_many_clones_and_no_more() {
        use CloningMode::{Off, On};
        for (mode, memory_mb, chances, seconds, why) in [
            (Off, 1_000, [900, 900], 61, Why::Off),
            (On, 1_000, [900, 900], 61, Why::There),
            (On, 1_000, [50, 900], 61, Why::Unworthy),
            (On, 1_000, [900, 900], 200, Why::Unforeseen),
            (On, 150, [900, 900], 61, Why::ShareUsed),
        ] {
            let told = told(&site(mode, memory_mb, chances), seconds);
            assert_eq!(told.why, why, "{mode:?} {memory_mb} {chances:?}: {told:?}");
        }
    }

    #[test]
    fn what_is_enough_is_what_the_policy_goes_by() {
        let enough = told(&site(CloningMode::On, 1_000, [50, 50]), 60).enough;
        let enough = enough.expect("some chance is enough");
        let wanted = |chance| told(&site(CloningMode::On, 1_000, [chance, 50]), 60).wanted;
        assert_eq!((wanted(enough - 1), wanted(enough)), (0, 1), "{enough}");
    }

    #[test]
    fn where_clones_have_cost_more_than_they_were_worth_that_is_told() {
        let policy = catalog::build("lru", 1).expect("the policy is there");
        let mut mind = Mind::new(Bytes::from_mb(1_000), policy.keeper, policy.dispatch);
        for event in events(CloningMode::On, [700, 700]) {
            decide(&mut mind, at(60), event, &mut Vec::new());
        }
        let why = |mind: &Mind| prospect(mind, at(61), F).map(|told| told.why);
        assert_eq!(why(&mind), Some(Why::There));
        mind.wanted.set_clones(F, None);
        let mut balance = Balance::begin(Instant::ZERO, Fared::default(), Fared::default(), 0);
        for minute in 1..=30u64 {
            let without = Fared { bad: 10 * minute, starts: 10 * minute };
            balance.tell(Fared { bad: 12 * minute, starts: 12 * minute }, without);
            balance.look(at(60 * minute), 5 * minute, 0.9);
        }
        mind.cloning.balance = balance;
        assert_eq!(why(&mind), Some(Why::Unpaid));
    }

    #[test]
    fn in_shadow_the_second_mind_tells() {
        let mut site = site(CloningMode::Shadow, 1_000, [900, 900]);
        let mut actions: Vec<Action> = Vec::new();
        site.handle(at(62), Event::WokeUp, &mut actions);
        let told = told(&site, 62);
        assert_eq!((told.mode, told.wanted), (CloningMode::Shadow, 1), "{told:?}");
        assert!(actions.is_empty());
    }
}
