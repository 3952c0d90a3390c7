//! What tests of clones begin with: a trace, as plain as can be, once without and once with clones.

use std::sync::atomic::AtomicBool;

use swell_core::settings::{CloningMode, CloningSettings, FunctionSettings};
use swell_core::time::Span;
use swell_core::units::Bytes;
use swell_sim::announced::Announced;
use swell_sim::clone::experiment::CloneExperiment;
use swell_sim::clone::line::CloneResults;
use swell_sim::failures::Failures;
use swell_sim::simulate::Scenario;
use swell_trace::cold::ColdCost;
use swell_trace::durations::Durations;
use swell_trace::open::Options;
use swell_trace::placement::Placement;
use swell_trace::trace::Trace;

pub(crate) fn opened(recipe: &str) -> Trace {
    Trace::named_or_open(&[recipe.into()], &Options::default()).expect("it is a recipe")
}

pub(crate) fn experiment(trace: Trace, memory: Bytes) -> CloneExperiment {
    let functions = trace.functions().iter().map(|own| FunctionSettings::plain(own.memory));
    let cold = ColdCost::Constant(Span::from_secs(1));
    CloneExperiment {
        scenario: Scenario {
            functions: functions.collect(),
            cold: cold.resolve(trace.functions()).expect("a constant fits every function"),
            cold_name: cold.to_string(),
            resume: Span::from_millis(100),
            overrides: String::new(),
            samples: 0,
            trace,
        },
        functions: "all",
        modes: vec![CloningMode::Off, CloningMode::On],
        policy: "hazard".to_string(),
        cloning: CloningSettings::default(),
        forecaster: "occurrence".to_string(),
        failures: Failures::default(),
        announced: Announced::default(),
        memories: vec![memory],
        placement: Placement::Uniform,
        durations: Durations::Average,
        seeds: vec![1],
        threads: 1,
    }
}

pub(crate) fn results(experiment: &CloneExperiment) -> CloneResults {
    experiment.run(&AtomicBool::new(false), &|_| ()).expect("nothing stops it")
}
