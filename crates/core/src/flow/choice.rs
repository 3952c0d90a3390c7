//! The list of rules by which FIFOs change hands: a name, with parameters, becomes a rule
//! and the changes that a node bears.

use crate::flow::budget::Budget;
use crate::flow::cooldown::Rest;
use crate::flow::indicator::Thresholds;
use crate::flow::measured::{Measured, Settings};
use crate::flow::policy::FlowPolicy;
use crate::flow::seed::Seed;
use crate::flow::view::TICK;
use crate::flow::window::{RECENT_TICKS_MAX, TICKS_MAX};
use crate::parameters::{Parameters, UnknownPolicy};
use crate::rng;
use crate::time::Span;

/// The names.
const NAMES: [&str; 2] = ["measured", "seed"];
/// Parameters of all: thresholds, and weights of the indicators.
const COMMON: [&str; 6] =
    ["low", "latency", "limit", "weight-low", "weight-latency", "weight-limit"];
/// Parameters of the measured rule besides.
const MEASURED: [&str; 11] = [
    "benefit",
    "window",
    "idle-window",
    "enter",
    "leave",
    "blanking",
    "margin",
    "horizon",
    "rest",
    "rest-max",
    "overload",
];

/// A rule, ready to decide.
pub struct Chosen {
    /// The rule.
    pub policy: Box<dyn FlowPolicy>,
    /// The changes that a node bears.
    pub budget: Budget,
}

/// Builds a rule: `measured` or `seed`, each with `low`, `latency` and `limit`, the thresholds
/// of the founding document, and `weight-low`, `weight-latency` and `weight-limit`; `seed` also
/// with `trigger`, the score above which it acts, and `measured` with what [`measured`] takes.
pub fn build(specification: &str, seed: u64) -> Result<Chosen, UnknownPolicy> {
    let mut parameters = Parameters::parse(specification)?;
    let usual = Thresholds::default();
    let thresholds = Thresholds {
        low_utilization: parameters.number("low", usual.low_utilization)?,
        high_latency: parameters.span("latency", usual.high_latency)?,
        resource_limit: parameters.number("limit", usual.resource_limit)?,
        utilization_weight: parameters.number("weight-low", usual.utilization_weight)?,
        latency_weight: parameters.number("weight-latency", usual.latency_weight)?,
        resource_weight: parameters.number("weight-limit", usual.resource_weight)?,
    };
    let rng = rng::split(seed, "flow");
    let (policy, budget, own): (Box<dyn FlowPolicy>, _, &[_]) = match parameters.name() {
        "measured" => {
            let settings = measured(&mut parameters, thresholds)?;
            (Box::new(Measured::new(settings, rng)), Budget::default(), &MEASURED)
        }
        "seed" => {
            let trigger = parameters.number("trigger", 0.5)?;
            (Box::new(Seed::new(thresholds, trigger, rng)), Budget::NONE, &["trigger"])
        }
        name => return Err(UnknownPolicy::name(name, NAMES.into_iter())),
    };
    parameters.finish(COMMON.into_iter().chain(own.iter().copied()))?;
    Ok(Chosen { policy, budget })
}

/// What the measured rule can be told: `benefit`, by how much a gain must exceed its cost;
/// `window` and `idle-window`, how long relief and reclaiming look back; `enter` and `leave`, where
/// an intent begins and ends; `blanking`, how long what follows a change is not believed; `margin`,
/// how far below `limit` a target stays; `horizon`, how long a gain is counted for; `rest` and
/// `rest-max`, how long a FIFO rests after a change and after many; and `overload`, how long more
/// arrives than can be done before that is said.
fn measured(
    parameters: &mut Parameters,
    thresholds: Thresholds,
) -> Result<Settings, UnknownPolicy> {
    let usual = Settings::default();
    let ticks = |count: usize| TICK * count as u64;
    let window = ticks(RECENT_TICKS_MAX);
    let window = parameters.span_up_to("window", ticks(usual.relief_ticks), window)?;
    let idle = ticks(TICKS_MAX);
    let idle = parameters.span_up_to("idle-window", ticks(usual.reclaim_ticks), idle)?;
    let blanking =
        parameters.span_up_to("blanking", ticks(usual.blanking as usize), Span::from_mins(1))?;
    let in_ticks = |span: Span| span.nanos().div_ceil(TICK.nanos());
    Ok(Settings {
        thresholds,
        benefit_by_cost: parameters.number("benefit", usual.benefit_by_cost)?,
        relief_ticks: in_ticks(window) as usize,
        reclaim_ticks: in_ticks(idle) as usize,
        enter: parameters.number("enter", usual.enter)?,
        leave: parameters.number("leave", usual.leave)?,
        blanking: in_ticks(blanking) as u32,
        margin: parameters.number("margin", usual.margin)?,
        horizon: parameters.span_up_to("horizon", usual.horizon, Span::from_mins(60))?,
        rest: Rest {
            usual: parameters.span("rest", usual.rest.usual)?,
            most: parameters.span("rest-max", usual.rest.most)?,
        },
        overload: parameters.span("overload", usual.overload)?,
        ..usual
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_built_by_name() {
        assert!(build("measured:latency=5ms,limit=0.7,benefit=3", 1).is_ok());
        assert!(build("seed:trigger=0.4,low=0.2,weight-low=0.1", 1).is_ok());
        let all = "measured:window=2s,idle-window=20s,enter=0.7,leave=0.3,blanking=500ms,\
                   margin=0.2,horizon=30s,rest=1s,rest-max=1m,overload=5s,weight-latency=0.5";
        assert!(build(all, 1).is_ok());
        for (wrong, words) in [
            ("measurd", "did you mean `measured`?"),
            ("seed:benefit=2", "`seed` has no parameter `benefit`"),
            ("measured:latency=soon", "`latency` of `measured`"),
            ("measured:window=7s", "`window` of `measured`: `7s` is more than the 6.4s allowed"),
            ("measured:wndow=1s", "did you mean `window`?"),
        ] {
            let error = build(wrong, 1).err().expect("it is none").to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
