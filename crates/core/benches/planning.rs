//! How long one piece of news holds the mind while clones of ten thousand functions are planned:
//! `cargo bench -p swell-core --bench planning`. A request that comes meanwhile waits for as
//! long, so the longest is the figure that counts. The same is played several times, and of each
//! piece of news the shortest time is taken: what neighbours of the machine took is not ours.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::disallowed_macros,
    reason = "a measurement asks the clock and speaks"
)]

use std::collections::BTreeMap;
use std::time::{Duration, Instant as Clock};

use swell_core::action::Action;
use swell_core::demand::{DemandForecast, FunctionDemand, StepDemand};
use swell_core::event::Event;
use swell_core::ids::{FunctionId, RequestId};
use swell_core::rng::{Rng, below, split};
use swell_core::settings::{CloningMode, CloningSettings, FunctionSettings, SiteSettings};
use swell_core::site::Site;
use swell_core::time::{Instant, Span};
use swell_core::units::Bytes;

const FUNCTIONS: u32 = 10_000;
const MINUTES: u64 = 6;
const ROUNDS: usize = 4;
/// Functions that a node tells of at a time.
const TOLD: usize = 1_000;
const STEP: Span = Span::from_mins(1);
const RUN: Span = Span::from_millis(200);

struct World {
    site: Site,
    now: Instant,
    actions: Vec<Action>,
    under_way: BTreeMap<(Instant, u64), Event>,
    begun: u64,
    starts: u64,
    /// How long each kind of news held the mind.
    held: BTreeMap<&'static str, Vec<Duration>>,
}

impl World {
    fn tell(&mut self, event: Event) {
        let kind = match event {
            Event::DemandForeseen { .. } => "forecast",
            Event::WokeUp => "wake-up",
            Event::RequestArrived { .. } => "request",
            _ => "other",
        };
        let begun = Clock::now();
        self.site.handle(self.now, event, &mut self.actions);
        self.held.entry(kind).or_default().push(begun.elapsed());
        for action in std::mem::take(&mut self.actions) {
            let (span, event) = match action {
                Action::Start { instance, .. } => {
                    self.starts += 1;
                    let took = Span::from_millis(20);
                    (took, Event::InstanceStarted { instance, took })
                }
                Action::Invoke { request, instance, .. } => {
                    (RUN, Event::InvocationFinished { instance, request, run: RUN })
                }
                _ => continue,
            };
            self.begun += 1;
            self.under_way.insert((self.now + span, self.begun), event);
        }
    }

    fn live_until(&mut self, end: Instant) {
        loop {
            let ends = self.under_way.first_key_value().map(|(&(at, _), _)| at);
            let at = ends.into_iter().chain(self.site.next_wakeup()).min();
            let Some(at) = at.filter(|&at| at < end) else { break };
            self.now = at.max(self.now);
            let event = match ends == Some(at) {
                true => self.under_way.pop_first().expect("one ends then").1,
                false => Event::WokeUp,
            };
            self.tell(event);
        }
        self.now = end;
    }
}

fn said(rng: &mut Rng, function: u32) -> FunctionDemand {
    let step = |rng: &mut Rng| {
        let chance = below(rng, 1001) as u16;
        let calls = below(rng, [500, 3_000, 40_000][function as usize % 3]) as u32;
        StepDemand { chance, q10: calls / 4, q50: calls / 2, q90: calls, q95: calls * 2 }
    };
    let steps = (0..2).map(|_| step(rng)).collect();
    FunctionDemand { function: FunctionId(function), confidence: 700, steps, known: Vec::new() }
}

fn main() {
    for mode in [CloningMode::On, CloningMode::Shadow] {
        let mut best = play(mode);
        for _ in 1..ROUNDS {
            let again = play(mode).held;
            for (best, again) in best.held.values_mut().zip(again.values()) {
                best.iter_mut().zip(again).for_each(|(best, again)| *best = *again.min(best));
            }
        }
        println!("{FUNCTIONS} functions, {mode:?}: {} starts", best.starts);
        for (kind, mut held) in best.held {
            held.sort_unstable();
            let at = |share: f64| held[((held.len() - 1) as f64 * share) as usize];
            println!(
                "  {kind:<10} {:>8} times, median {:>9.3?}, p99 {:>9.3?}, longest {:>9.3?}",
                held.len(),
                at(0.5),
                at(0.99),
                at(1.0)
            );
        }
    }
}

fn play(mode: CloningMode) -> World {
    let (memory, policy) = (Bytes::from_mb(2_000_000), "hazard".to_string());
    let site = Site::new(&SiteSettings { memory, seed: 1, policy }).expect("it is known");
    let (held, under_way) = (BTreeMap::new(), BTreeMap::new());
    let (now, actions) = (Instant::from_millis(1), Vec::new());
    let mut world = World { site, now, actions, under_way, begun: 0, starts: 0, held };
    for function in (0..FUNCTIONS).map(FunctionId) {
        let settings = Box::new(FunctionSettings::plain(Bytes::from_mb(100)));
        world.tell(Event::FunctionDeployed { function, settings });
    }
    let settings = CloningSettings { mode, step: STEP, ..CloningSettings::default() };
    world.tell(Event::CloningSet { settings: Box::new(settings) });
    let mut rng = split(1, "planning");
    let mut requests = 0;
    for minute in 1..=MINUTES {
        let origin = Instant::from_millis(minute * 60_000);
        world.live_until(origin);
        for first in (0..FUNCTIONS).step_by(TOLD) {
            let functions = first..FUNCTIONS.min(first + TOLD as u32);
            let functions = functions.map(|function| said(&mut rng, function)).collect();
            let forecast = DemandForecast { origin, step: STEP, functions };
            world.tell(Event::DemandForeseen { forecast: Box::new(forecast) });
        }
        for turn in 1..=2_000 {
            world.live_until(origin + Span::from_millis(turn * 25));
            requests += 1;
            let function = FunctionId(below(&mut rng, FUNCTIONS.into()) as u32);
            world.tell(Event::RequestArrived { request: RequestId(requests), function });
        }
    }
    world
}
