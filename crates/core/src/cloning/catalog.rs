//! The list of cloning policies: name, meaning, parameters, and how to build each.

use crate::cloning::expected_cost::ExpectedCost;
use crate::cloning::policy::ClonePolicy;
use crate::cloning::prices::Prices;
use crate::cloning::seed::Seed;
use crate::parameters::{Parameters, UnknownPolicy};

/// One line of the list.
pub struct Entry {
    /// The name it is chosen by.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// Its parameters: name, default, meaning.
    pub parameters: &'static [(&'static str, &'static str, &'static str)],
    build: fn(&mut Parameters) -> Result<Box<dyn ClonePolicy>, UnknownPolicy>,
}

/// All cloning policies.
pub const ENTRIES: &[Entry] = &[
    Entry {
        name: "expected-cost",
        summary: "clones while a cold start avoided is worth more than the start and the memory held",
        parameters: &[
            ("start", "0.4", "what a start that nobody asked for costs, in cold starts avoided"),
            ("start-used", "0.2", "the same while most clones are used"),
            ("start-unused", "0.8", "the same while few are"),
            ("few", "0.3", "up to this share of clones that are used, few are"),
            ("most", "0.6", "from this share on, most are"),
            ("start-useless", "0.95", "the same while they have shown that they do not pay"),
            ("rent", "0.0005", "what holding a GB for a second costs, unless most are used"),
            ("by-cost", "false", "weigh a cold start by its length in seconds"),
        ],
        build: |parameters| {
            let usual = Prices::default();
            let prices = Prices {
                start: parameters.number("start", usual.start)?,
                start_used: parameters.number("start-used", usual.start_used)?,
                start_unused: parameters.number("start-unused", usual.start_unused)?,
                few: parameters.number("few", usual.few)?,
                most: parameters.number("most", usual.most)?,
                start_useless: parameters.number("start-useless", usual.start_useless)?,
                rent: parameters.number("rent", usual.rent)?,
                by_cost: parameters.flag("by-cost", usual.by_cost)?,
            };
            Ok(Box::new(ExpectedCost::new(prices)))
        },
    },
    Entry {
        name: "seed",
        summary: "as many clones as calls are predicted, a fifth more where the confidence is below 0.8",
        parameters: &[],
        build: |_| Ok(Box::new(Seed)),
    },
];

/// Builds the policy a specification asks for.
pub fn build(specification: &str) -> Result<Box<dyn ClonePolicy>, UnknownPolicy> {
    let mut parameters = Parameters::parse(specification)?;
    let found = ENTRIES.iter().find(|entry| entry.name == parameters.name());
    let names = ENTRIES.iter().map(|entry| entry.name);
    let entry = found.ok_or_else(|| UnknownPolicy::name(parameters.name(), names))?;
    let policy = (entry.build)(&mut parameters)?;
    parameters.finish(entry.parameters.iter().map(|parameter| parameter.0))?;
    Ok(policy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_builds_with_its_defaults_spelled_out() {
        for entry in ENTRIES {
            assert!(build(entry.name).is_ok(), "{}", entry.name);
            for (name, default, _) in entry.parameters {
                let spelled = format!("{}:{name}={default}", entry.name);
                assert!(build(&spelled).is_ok(), "{spelled}");
            }
        }
    }

    #[test]
    fn wrong_specifications_say_what_is_right() {
        for (specification, expected) in [
            ("seeds", "no policy is called `seeds`; did you mean `seed`?"),
            ("seed:rent=1", "`seed` has no parameter `rent`"),
            ("expected-cost:rent=-1", "`rent` of `expected-cost`: `-1` is not a number from 0"),
        ] {
            let error = build(specification).err().expect("refused").to_string();
            assert!(error.starts_with(expected), "{specification}: {error}");
        }
    }
}
