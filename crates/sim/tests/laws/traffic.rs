//! The traffic that laws are tried on: parts of the bundled traces and generated calls.

use swell_core::settings::FunctionSettings;
use swell_core::time::Span;
use swell_core::units::Bytes;
use swell_sim::simulate::Scenario;
use swell_trace::cold::ColdCost;
use swell_trace::open::Options;
use swell_trace::placement::Placement;
use swell_trace::sample::{Selection, Share};
use swell_trace::trace::Trace;

/// One trace under one model of starts, with the memory sizes that make it interesting:
/// short, scarce, and nearly enough.
pub(crate) struct Traffic {
    pub(crate) scenario: Scenario,
    pub(crate) memories: Vec<Bytes>,
    pub(crate) placements: Vec<Placement>,
}

pub(crate) fn azure_200(seed: u64) -> Traffic {
    let trace = part("200", hours(seed, 6, 2));
    traffic(trace, "max-avg:0s", [4_000, 8_000, 16_000], &[Placement::Even, Placement::Uniform])
}

pub(crate) fn azure_sample(seed: u64) -> Traffic {
    let few = Selection { share: Share::Count(40), stratified: true, ..hours(seed, 12, 2) };
    let trace = part("1350", few);
    traffic(trace, "1s", [800, 2_000, 5_000], &[Placement::Burst, Placement::Start])
}

pub(crate) fn founding_b(seed: u64) -> Traffic {
    traffic(part("20-b", hours(seed, 0, 2)), "founding", [300, 600, 1_200], &[Placement::Even])
}

pub(crate) fn founding_d(seed: u64) -> Traffic {
    traffic(part("20-d", hours(seed, 9, 1)), "250ms", [200, 400, 800], &[Placement::Even])
}

pub(crate) fn generated(seed: u64) -> Traffic {
    let recipe = format!("gen:mixed,functions=60,calls=9000,hours=6,seed={seed},run=100ms");
    traffic(named(&recipe), "lognormal:3.24s,7.1s", [1_500, 4_000, 8_000], &[Placement::Even])
}

/// A whole trace by name.
pub(crate) fn named(name: &str) -> Trace {
    Trace::named_or_open(&[name.into()], &Options::default()).expect("a bundled trace or a recipe")
}

/// A trace with starts by the given rule.
pub(crate) fn scenario(trace: Trace, cold: &str) -> Scenario {
    let functions = trace.functions().iter().map(|f| FunctionSettings::plain(f.memory)).collect();
    let cost: ColdCost = cold.parse().expect("a cost of starts");
    Scenario {
        cold: cost.resolve(trace.functions()).expect("every function has a start"),
        cold_name: cold.into(),
        functions,
        resume: Span::from_millis(100),
        overrides: String::new(),
        samples: 24,
        trace,
    }
}

fn traffic(trace: Trace, cold: &str, mb: [u64; 3], placements: &[Placement]) -> Traffic {
    Traffic {
        scenario: scenario(trace, cold),
        memories: mb.map(Bytes::from_mb).to_vec(),
        placements: placements.to_vec(),
    }
}

fn part(name: &str, selection: Selection) -> Trace {
    named(name).sample(&selection).expect("a part of the day")
}

/// So many hours of the day, begun at another one under each seed.
fn hours(seed: u64, from: u64, count: u64) -> Selection {
    let hour = Span::from_mins(60);
    let from = hour * ((from + 5 * (seed % 24)) % 22);
    Selection { seed, from, until: Some(from + hour * count), ..Selection::default() }
}
