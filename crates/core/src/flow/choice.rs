//! The list of rules by which FIFOs change hands: a name, with parameters, becomes a rule
//! and the changes that a node bears.

use crate::flow::analyzer::Budget;
use crate::flow::indicator::Thresholds;
use crate::flow::measured::{Measured, Settings};
use crate::flow::policy::FlowPolicy;
use crate::flow::seed::Seed;
use crate::parameters::{Parameters, UnknownPolicy};
use crate::rng;

/// The names.
const NAMES: [&str; 2] = ["measured", "seed"];
/// Parameters of all.
const COMMON: [&str; 3] = ["low", "latency", "limit"];

/// A rule, ready to decide.
pub struct Chosen {
    /// The rule.
    pub policy: Box<dyn FlowPolicy>,
    /// The changes that a node bears.
    pub budget: Budget,
}

/// Builds a rule: `measured` or `seed`, each with `low`, `latency` and `limit`, the thresholds
/// of the founding document; `seed` also with `trigger`, the score above which it acts, and
/// `measured` with `benefit`, by how much a gain must exceed its cost.
pub fn build(specification: &str, seed: u64) -> Result<Chosen, UnknownPolicy> {
    let mut parameters = Parameters::parse(specification)?;
    let usual = Thresholds::default();
    let thresholds = Thresholds {
        low_utilization: parameters.number("low", usual.low_utilization)?,
        high_latency: parameters.span("latency", usual.high_latency)?,
        resource_limit: parameters.number("limit", usual.resource_limit)?,
        ..usual
    };
    let rng = rng::split(seed, "flow");
    let (policy, budget, own): (Box<dyn FlowPolicy>, _, _) = match parameters.name() {
        "measured" => {
            let usual = Settings::default();
            let benefit_by_cost = parameters.number("benefit", usual.benefit_by_cost)?;
            let settings = Settings { thresholds, benefit_by_cost, ..usual };
            (Box::new(Measured::new(settings, rng)), Budget::default(), "benefit")
        }
        "seed" => {
            let trigger = parameters.number("trigger", 0.5)?;
            (Box::new(Seed::new(thresholds, trigger, rng)), Budget::NONE, "trigger")
        }
        name => return Err(UnknownPolicy::name(name, NAMES.into_iter())),
    };
    parameters.finish(COMMON.into_iter().chain([own]))?;
    Ok(Chosen { policy, budget })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_built_by_name() {
        assert!(build("measured:latency=5ms,limit=0.7,benefit=3", 1).is_ok());
        assert!(build("seed:trigger=0.4,low=0.2", 1).is_ok());
        for (wrong, words) in [
            ("measurd", "did you mean `measured`?"),
            ("seed:benefit=2", "`seed` has no parameter `benefit`"),
            ("measured:latency=soon", "`latency` of `measured`"),
        ] {
            let error = build(wrong, 1).err().expect("it is none").to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
