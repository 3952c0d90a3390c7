//! Rules to play with: none at all, and those that a node can be told.

use swell_core::flow::analyzer::Analyzer;
use swell_core::flow::choice::{Chosen, build};
use swell_core::parameters::UnknownPolicy;

/// The name of the rule by which FIFOs stay where they are.
const NEVER: &str = "never";

/// A rule to play with.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    name: String,
    /// As the setting `flow.policy` of a node has it; without one FIFOs stay where they are.
    specification: Option<String>,
}

impl Rule {
    /// FIFOs stay where they are.
    pub fn never() -> Self {
        Self { name: NEVER.to_string(), specification: None }
    }

    /// `never`, or a rule as the setting `flow.policy` of a node has it.
    pub fn parse(text: &str) -> Result<Self, UnknownPolicy> {
        let text = text.trim();
        if text == NEVER {
            return Ok(Self::never());
        }
        build(text, 0)?;
        Ok(Self { name: text.to_string(), specification: Some(text.to_string()) })
    }

    /// Those that are compared if nobody names others: the founding rule with a score from 0.5 on,
    /// and above it, among them.
    pub fn usual() -> Vec<Self> {
        let named = |name: &str, specification: &str| Self {
            name: name.to_string(),
            specification: Some(specification.to_string()),
        };
        vec![
            Self::never(),
            named("seed, score from 0.5", "seed:trigger=0.4"),
            named("seed, score above 0.5", "seed"),
            named("measured", "measured"),
        ]
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Who decides by it; nobody if FIFOs stay.
    pub fn analyzer(&self, seed: u64) -> Option<Analyzer> {
        let built = build(self.specification.as_ref()?, seed);
        let Chosen { policy, budget } = built.expect("it was built before");
        Some(Analyzer::new(policy, budget))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_those_of_nodes() {
        assert!(Rule::parse("never").is_ok_and(|rule| rule.analyzer(1).is_none()));
        let rule = Rule::parse("measured:latency=5ms,window=2s").expect("it is one");
        assert!(rule.analyzer(1).is_some() && rule.name() == "measured:latency=5ms,window=2s");
        assert!(Rule::parse("measurd").is_err_and(|error| error.to_string().contains("measured")));
        assert!(Rule::usual()[1..].iter().all(|rule| rule.analyzer(1).is_some()));
    }
}
