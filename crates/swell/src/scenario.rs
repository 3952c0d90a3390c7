//! From a trace to what a simulation needs to know: functions, starts, samples.

use swell_core::settings::FunctionSettings;
use swell_core::time::Span;
use swell_sim::simulate::Scenario;
use swell_trace::cold::ColdCost;
use swell_trace::trace::Trace;

use crate::error::Letter;

/// How long a thaw takes, unless asked for otherwise.
pub const RESUME: Span = Span::from_millis(100);

/// Moments of the pool that a run keeps for its timeline.
const SAMPLES: u32 = 240;

/// The functions of the trace as plain functions, with starts by the given rule.
pub fn scenario(trace: Trace, cold: &ColdCost) -> Result<Scenario, Letter> {
    let functions = trace.functions().iter().map(|profile| FunctionSettings::plain(profile.memory));
    let functions = functions.collect();
    let model = cold.resolve(trace.functions())?;
    Ok(Scenario {
        functions,
        cold: model,
        cold_name: cold.to_string(),
        resume: RESUME,
        overrides: String::new(),
        samples: SAMPLES,
        trace,
    })
}
