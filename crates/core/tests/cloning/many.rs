//! Thousands of functions are planned for in parts, so that no news waits long, and come to what
//! few come to at once.

use swell_core::action::{Action, StartCause};
use swell_core::demand::{DemandForecast, FunctionDemand, StepDemand};
use swell_core::event::Event;
use swell_core::ids::{FunctionId, RequestId};
use swell_core::settings::{CloningMode, CloningSettings, FunctionSettings, SiteSettings};
use swell_core::site::Site;
use swell_core::time::{Instant, Span};
use swell_core::units::Bytes;

use crate::stage::{STEP, at};

/// No part of a plan begins more than so many clones.
const PART_MAX: usize = 256;

/// A site with room for a clone of each function.
fn site(functions: u32, mode: CloningMode) -> Site {
    let (memory, policy) = (Bytes::from_mb(1_000_000), "hazard".to_string());
    let mut site = Site::new(&SiteSettings { memory, seed: 1, policy }).expect("it is known");
    let mut actions = Vec::new();
    for function in (0..functions).map(FunctionId) {
        let settings = Box::new(FunctionSettings::plain(Bytes::from_mb(100)));
        site.handle(at(1), Event::FunctionDeployed { function, settings }, &mut actions);
    }
    let usual = CloningSettings::default();
    let settings = CloningSettings { mode, step: STEP, share: 1000, starts_per_second: 0, ..usual };
    site.handle(at(1), Event::CloningSet { settings: Box::new(settings) }, &mut actions);
    assert!(actions.is_empty());
    site
}

/// Calls of every other function are certain.
fn forecast(functions: std::ops::Range<u32>) -> Event {
    let own = |function: u32| {
        let calls = function % 2 * 1_000;
        let chance = (function % 2 * 1_000) as u16;
        let step = StepDemand { chance, q10: calls, q50: calls, q90: calls, q95: calls };
        let (confidence, known) = (900, Vec::new());
        FunctionDemand { function: FunctionId(function), confidence, steps: vec![step], known }
    };
    let functions = functions.map(own).collect();
    Event::DemandForeseen {
        forecast: Box::new(DemandForecast { origin: at(60), step: STEP, functions }),
    }
}

fn clones(actions: &[Action]) -> impl Iterator<Item = FunctionId> {
    actions.iter().filter_map(|action| match action {
        Action::Start { function, cause: StartCause::Clone, .. } => Some(*function),
        _ => None,
    })
}

/// Wakes the site until `end`; tells how many clones of whom each wake-up began.
fn live_until(site: &mut Site, end: Instant) -> Vec<Vec<FunctionId>> {
    let mut begun = Vec::new();
    while let Some(now) = site.next_wakeup().filter(|&next| next < end) {
        let mut actions = Vec::new();
        site.handle(now, Event::WokeUp, &mut actions);
        begun.push(clones(&actions).collect());
    }
    begun
}

#[test]
fn a_plan_for_thousands_is_made_in_parts_and_comes_to_the_same() {
    let mut site = site(6_000, CloningMode::On);
    let mut actions = Vec::new();
    for first in (0..6_000).step_by(1_000) {
        site.handle(at(60), forecast(first..first + 1_000), &mut actions);
    }
    assert!(actions.is_empty(), "the mind is soon free for others");
    let begun = live_until(&mut site, at(61));
    let largest = begun.iter().map(Vec::len).max().unwrap_or(0);
    assert!(begun.len() > 30 && largest <= PART_MAX, "{} parts, {largest} at most", begun.len());
    let mut all: Vec<FunctionId> = begun.into_iter().flatten().collect();
    all.sort_unstable();
    let odd: Vec<FunctionId> =
        (0..6_000).filter(|number| number % 2 == 1).map(FunctionId).collect();
    assert_eq!(all, odd);
}

#[test]
fn a_plan_for_few_is_made_at_once() {
    let mut site = site(1_000, CloningMode::On);
    let mut actions = Vec::new();
    site.handle(at(60), forecast(0..1_000), &mut actions);
    assert_eq!(clones(&actions).count(), 500);
}

#[test]
fn news_between_parts_is_heard_and_a_newer_forecast_begins_anew() {
    let mut site = site(6_000, CloningMode::On);
    let mut actions = Vec::new();
    site.handle(at(60), forecast(0..6_000), &mut actions);
    let begun = live_until(&mut site, at(60) + Span::from_millis(300));
    let first: usize = begun.iter().map(Vec::len).sum();
    assert!(first > 0 && first < 3_000, "{first} so far");
    let now = at(60) + Span::from_millis(300);
    let (request, function) = (RequestId(1), FunctionId(0));
    site.handle(now, Event::RequestArrived { request, function }, &mut actions);
    let is_start =
        |action: &Action| matches!(action, Action::Start { function: of, .. } if *of == function);
    assert!(actions.iter().any(is_start), "{actions:?}");
    site.handle(now, Event::FunctionRemoved { function: FunctionId(5_999) }, &mut actions);
    site.handle(now, forecast(0..5_999), &mut actions);
    let rest: usize = live_until(&mut site, at(62)).iter().map(Vec::len).sum();
    assert_eq!(first + rest, 2_999, "each of those that are there has its clone");
}

#[test]
fn a_shadow_plans_at_wake_ups_of_its_own() {
    let mut site = site(6_000, CloningMode::Shadow);
    let mut actions = Vec::new();
    site.handle(at(60), forecast(0..6_000), &mut actions);
    let begun = live_until(&mut site, at(62));
    assert!(begun.len() > 10, "{} wake-ups", begun.len());
    assert!(actions.is_empty() && begun.iter().all(Vec::is_empty), "nobody else hears of it");
    let receipt = site.receipt(at(62));
    let shadow = receipt.shadow.expect("something is in shadow");
    assert_eq!(shadow.clones.made, 3_000);
}

#[test]
fn few_are_tried_until_they_have_shown_that_they_pay() {
    let mut site = site(1_000, CloningMode::On);
    let mut actions = Vec::new();
    let likely = |function: u32| {
        let step = StepDemand { chance: 700, q10: 0, q50: 0, q90: 0, q95: 0 };
        let known = if function < 3 { vec![at(90)] } else { Vec::new() };
        let steps = if function < 3 { Vec::new() } else { vec![step] };
        FunctionDemand { function: FunctionId(function), confidence: 900, steps, known }
    };
    let forecast =
        DemandForecast { origin: at(60), step: STEP, functions: (0..1_000).map(likely).collect() };
    site.handle(at(60), Event::DemandForeseen { forecast: Box::new(forecast) }, &mut actions);
    let tried = clones(&actions).count();
    assert!((1..20).contains(&tried), "{tried} of 997 functions that are likely to be called");
    let later = live_until(&mut site, at(100)).concat();
    let sure = later.iter().filter(|function| function.0 < 3).count();
    assert_eq!((sure, later.len()), (3, 3), "a call that is known is no trial");
}
