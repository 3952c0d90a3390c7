//! Forecasts of anything, for half of the seeds: laws hold whatever is foreseen.

use swell_core::demand::{DemandForecast, FunctionDemand, StepDemand};
use swell_core::event::Event;
use swell_core::ids::FunctionId;
use swell_core::nearby::{NearId, NearNode, Request};
use swell_core::rng::{self, Rng};
use swell_core::settings::{CloningMode, CloningSettings};
use swell_core::time::{Instant, Span};
use swell_core::units::Bytes;

/// Foresees by dice.
pub(crate) struct Forecaster {
    pub(crate) settings: CloningSettings,
    rng: Rng,
}

impl Forecaster {
    /// The forecaster of a seed, if it has one.
    pub(crate) fn of(seed: u64) -> Option<Self> {
        let mut rng = rng::split(seed, "laws/forecaster");
        if rng::below(&mut rng, 2) == 0 {
            return None;
        }
        let policies = ["seed", "expected-cost", "expected-cost:start=0,rent=0"];
        let policy = policies[rng::below(&mut rng, 3) as usize].to_string();
        let settings = CloningSettings {
            mode: CloningMode::On,
            policy,
            share: rng::below(&mut rng, 1001) as u16,
            starts_per_second: rng::below(&mut rng, 5) as u32,
            step: Span::from_secs(1 + rng::below(&mut rng, 60)),
            probe_every: Span::from_secs(10 + 60 * rng::below(&mut rng, 10)),
        };
        Some(Self { settings, rng })
    }

    /// Every so often, a forecast of some of the functions.
    pub(crate) fn forecast(&mut self, origin: Instant, functions: usize) -> Option<Event> {
        let rng = &mut self.rng;
        match rng::below(rng, 64) {
            0..=7 => {}
            8 if functions > 0 => return Some(asked(rng, functions)),
            9 if functions > 0 => return Some(told(rng, functions)),
            10 if functions > 0 => {
                let function = FunctionId(rng::below(rng, functions as u64) as u32);
                let (node, count) = (NearId(rng::below(rng, 3) as u32), rng::below(rng, 3) as u32);
                return Some(Event::ClonesPromised { node, function, count });
            }
            _ => return None,
        }
        let step = Span::from_secs(1 + rng::below(rng, 60));
        let mut demands = Vec::new();
        for function in 0..functions as u32 {
            if rng::below(rng, 2) == 0 {
                demands.push(demand(rng, FunctionId(function), origin, step));
            }
        }
        let forecast = Box::new(DemandForecast { origin, step, functions: demands });
        Some(Event::DemandForeseen { forecast })
    }

    /// Whether a probe finds life.
    pub(crate) fn finds_healthy(&mut self) -> bool {
        rng::below(&mut self.rng, 4) > 0
    }
}

/// Another node asks for clones.
fn asked(rng: &mut Rng, functions: usize) -> Event {
    let function = FunctionId(rng::below(rng, functions as u64) as u32);
    let lasting = Span::from_secs(rng::below(rng, 100));
    let [worth, bid] = [(), ()].map(|()| rng::below(rng, 1_000_000));
    let count = rng::below(rng, 5) as u32;
    Event::ClonesAsked { request: Request { function, count, lasting, worth, bid } }
}

/// Others tell how they are.
fn told(rng: &mut Rng, functions: usize) -> Event {
    let node = |number: u32, rng: &mut Rng| NearNode {
        node: NearId(number),
        room: Bytes::from_mb(rng::below(rng, 3_000)),
        distance: Span::from_millis(rng::below(rng, 500)),
        functions: (0..functions as u32).map(FunctionId).collect(),
    };
    let nodes = (0..rng::below(rng, 3) as u32).map(|number| node(number, rng)).collect();
    Event::NearbyTold { nodes }
}

fn demand(rng: &mut Rng, function: FunctionId, origin: Instant, step: Span) -> FunctionDemand {
    let steps = (0..rng::below(rng, 4)).map(|_| {
        let q10 = rng::below(rng, 3_000) as u32;
        let q50 = q10 + rng::below(rng, 5_000) as u32;
        let q90 = q50 + rng::below(rng, 20_000) as u32;
        let q95 = q90 + rng::below(rng, 20_000) as u32;
        StepDemand { chance: rng::below(rng, 1001) as u16, q10, q50, q90, q95 }
    });
    let steps = steps.collect();
    let mut known: Vec<Instant> = (0..rng::below(rng, 3))
        .map(|_| origin + Span::from_nanos(rng::below(rng, 3 * step.nanos())))
        .collect();
    known.sort_unstable();
    FunctionDemand { function, confidence: rng::below(rng, 1001) as u16, steps, known }
}
