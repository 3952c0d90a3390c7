//! The functions that are forecast, and what is known of each.

use std::sync::Arc;

use swell_api::spec::ForecastMode;
use swell_api::trigger::Trigger as Spec;
use swell_core::ids::FunctionId;
use swell_forecast::panel::Trigger;

use crate::registry::{Function, Registry};

/// A function that is forecast.
#[derive(Debug, Clone)]
pub struct Member {
    /// Its name.
    pub name: Arc<str>,
    /// What starts it.
    pub trigger: Trigger,
    /// What comes of its forecasts.
    pub mode: ForecastMode,
    /// Its versions that get traffic, each with its percents.
    pub versions: Vec<(FunctionId, u8)>,
    /// Calls that one instance serves at a time.
    pub concurrency: u32,
    /// Memory of one instance, in bytes.
    pub memory_bytes: u64,
    /// Whether its forecasts are shown in steps of its own.
    pub has_own_step: bool,
    /// How far ahead clones of it may be wished for, in minutes; none for as far as is forecast.
    pub horizon_minutes: Option<u64>,
}

/// The functions that are forecast, by name. `mode` tells what comes of the forecasts of one
/// with a mode of its own, or without.
pub fn members(
    registry: &Registry,
    mode: impl Fn(Option<ForecastMode>) -> ForecastMode,
) -> Vec<Member> {
    let mut members = Vec::new();
    registry.visit(|function| {
        let spec = &function.leading().spec;
        let mode = mode(spec.forecast);
        if mode == ForecastMode::Off {
            return;
        }
        let versions = function.traffic.iter().filter(|share| share.percent > 0);
        let versions =
            versions.filter_map(|share| Some((function.version(share.version)?.id, share.percent)));
        members.push(Member {
            name: function.name.clone(),
            trigger: trigger(function),
            mode,
            versions: versions.collect(),
            concurrency: spec.concurrency.max(1),
            memory_bytes: spec.memory_bytes,
            has_own_step: spec.forecast_step_ms.is_some(),
            horizon_minutes: spec.forecast_horizon_ms.map(|ms| (ms / 60_000).max(1)),
        });
    });
    members.sort_by(|one, other| one.name.cmp(&other.name));
    members
}

fn trigger(function: &Function) -> Trigger {
    let triggers = &function.leading().spec.triggers;
    let any = |of: fn(&Spec) -> bool| triggers.iter().any(of);
    match () {
        () if any(|one| matches!(one, Spec::Cron { .. })) => Trigger::Timer,
        () if any(|one| matches!(one, Spec::Mqtt { .. } | Spec::Event { .. })) => Trigger::Queue,
        () if !triggers.is_empty() => Trigger::Other,
        () => Trigger::Http,
    }
}

/// Of so many in order of their names every how-manieth is looked at, where a number is enough:
/// names go by applications and teams, so those are some of each.
pub fn every_of(all: usize, enough: usize) -> usize {
    all.div_ceil(enough.max(1)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enough_are_looked_at_and_of_all_names() {
        for (all, enough, every) in [(0, 15, 1), (15, 15, 1), (16, 15, 2), (157, 15, 11), (9, 0, 9)]
        {
            assert_eq!(every_of(all, enough), every, "{all} {enough}");
            assert!(all.div_ceil(every) <= enough.max(1));
        }
    }
}
