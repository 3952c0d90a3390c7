//! The same calls in the simulator, under any policy.

use std::sync::atomic::AtomicBool;

use swell_core::settings::FunctionSettings;
use swell_core::time::Span;
use swell_core::units::Bytes;
use swell_sim::row::Row;
use swell_sim::simulate::{Case, Scenario, simulate};
use swell_trace::cold::ColdCost;

use crate::error::Letter;
use crate::rig::slice::Slice;

/// Runs the slice in the virtual world: starts take `cold`, memory is `memory`.
pub fn simulated(
    slice: &Slice,
    policy: &str,
    memory: Bytes,
    cold: Span,
    interrupt: &AtomicBool,
) -> Result<Row, Letter> {
    let rule = ColdCost::Constant(cold);
    let functions = slice.trace.functions();
    let scenario = Scenario {
        trace: slice.trace.clone(),
        functions: functions
            .iter()
            .map(|profile| FunctionSettings::plain(profile.memory))
            .collect(),
        cold: rule.resolve(functions)?,
        cold_name: rule.to_string(),
        resume: crate::scenario::RESUME,
        overrides: String::new(),
        samples: 0,
    };
    let case = Case { policy: policy.to_string(), memory, reading: slice.reading };
    Ok(simulate(&scenario, &case, interrupt)?.0)
}
