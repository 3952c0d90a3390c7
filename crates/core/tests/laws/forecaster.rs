//! Forecasts of anything, for half of the seeds: laws hold whatever is foreseen.

use swell_core::demand::{DemandForecast, FunctionDemand, StepDemand};
use swell_core::event::Event;
use swell_core::ids::FunctionId;
use swell_core::rng::{self, Rng};
use swell_core::settings::{CloningMode, CloningSettings};
use swell_core::time::{Instant, Span};

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
        if rng::below(rng, 8) > 0 {
            return None;
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
