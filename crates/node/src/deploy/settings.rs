//! What the mind is told of a version: the mapping from the words of the API to the
//! mind's, in one place.
//!
//! Durations that a specification states are in the mind's time, as everything else the
//! mind counts in; what was measured on this machine is wall time and goes through the
//! clock.

use std::sync::atomic::Ordering;
use std::time::Duration;

use swell_api::spec::FunctionSpec;
use swell_core::settings::FunctionSettings;
use swell_core::time::Span;
use swell_core::units::Bytes;
use swell_sandbox::backend::Costs;

use crate::clock::Clock;
use crate::registry::{Scale, Version};

/// How long the start of a WebAssembly instance is believed to take before a clone was
/// measured: reading compiled code from a slow disk dominates it.
const START_GUESS: Duration = Duration::from_millis(10);

/// Settings of a version as it is now. One whose code is not ready keeps nothing warm: each
/// start would fail.
pub fn of_version(version: &Version, clock: &Clock) -> FunctionSettings {
    let template = version.template.get().and_then(|made| made.as_ref().ok());
    let costs = template.map(|template| template.costs()).unwrap_or_default();
    let mut scale = *version.scale.read();
    if version.held.load(Ordering::Relaxed) {
        scale.min_warm = scale.min_warm.max(1);
    }
    if template.is_none() {
        scale.min_warm = 0;
    }
    // Its first start makes the code ready.
    let floor = version.floor.load(Ordering::Relaxed);
    let most = scale.max_instances.unwrap_or(u32::MAX);
    scale.min_warm = scale.min_warm.max(floor.min(most));
    function_settings(&version.spec, scale, costs, clock)
}

/// Settings of a function that was specified like this, whose clones cost this.
pub fn function_settings(
    spec: &FunctionSpec,
    scale: Scale,
    costs: Costs,
    clock: &Clock,
) -> FunctionSettings {
    let start_hint = match spec.model {
        Some(model) => Span::from_nanos(model.start_us.saturating_mul(1_000)),
        None if costs.clone.is_zero() => clock.span(START_GUESS),
        None => clock.span(costs.clone),
    };
    let memory = Bytes::new(spec.memory_bytes);
    FunctionSettings {
        memory,
        paused_memory: memory,
        pause_after: None,
        concurrency: spec.concurrency.max(1),
        min_warm: if scale.serving { scale.min_warm } else { 0 },
        max_instances: scale.max_instances.unwrap_or(u32::MAX),
        max_idle: spec.max_idle_ms.map(Span::from_millis),
        pinned: spec.pinned && scale.serving,
        run_and_exit: false,
        start_hint,
    }
}

#[cfg(test)]
mod tests {
    use swell_api::spec::{BackendName, Model};

    use super::*;

    #[test]
    fn what_was_specified_reaches_the_mind() {
        let mut spec = FunctionSpec::plain("hello", BackendName::Wasm);
        spec.concurrency = 7;
        spec.min_warm = 2;
        spec.max_idle_ms = Some(1_500);
        spec.pinned = true;
        let costs = Costs { clone: Duration::from_micros(20), ..Costs::default() };
        let told = function_settings(&spec, Scale::of(&spec), costs, &Clock::start(10.0));
        assert_eq!(told.memory, Bytes::new(64 << 20));
        assert_eq!((told.concurrency, told.min_warm, told.max_instances), (7, 2, u32::MAX));
        assert_eq!(told.max_idle, Some(Span::from_millis(1_500)));
        assert_eq!(told.start_hint, Span::from_nanos(200_000));
        assert!(told.pinned && !told.run_and_exit);

        let resting = Scale { serving: false, max_instances: Some(3), ..Scale::of(&spec) };
        let told = function_settings(&spec, resting, Costs::default(), &Clock::start(1.0));
        assert_eq!((told.min_warm, told.max_instances, told.pinned), (0, 3, false));
        assert_eq!(told.start_hint, Span::from_millis(10));
    }

    #[test]
    fn a_model_is_in_the_time_of_the_mind() {
        let mut spec = FunctionSpec::plain("hello", BackendName::Modelled);
        spec.model = Some(Model { start_us: 250_000, run_us: 1 });
        let told =
            function_settings(&spec, Scale::of(&spec), Costs::default(), &Clock::start(100.0));
        assert_eq!(told.start_hint, Span::from_millis(250));
    }
}
