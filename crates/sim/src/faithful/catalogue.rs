//! Which published runs can be repeated? One line for each simulator and policy.
//!
//! A newcomer is one more line here. Names are `simulator:policy`, in the words a
//! command line can take.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::faithful::faascache::node as faascache_node;
use crate::faithful::faascache::policy::Policy as FaasCache;
use crate::faithful::founding::node as founding_node;
use crate::faithful::founding::policy::Policy as Founding;
use crate::faithful::input::Input;
use crate::faithful::outcome::Outcome;

/// A simulator with one of its policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Original {
    /// The founding report's simulator.
    Founding(Founding),
    /// FaasCache's simulator.
    FaasCache(FaasCache),
}

/// A line of the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// `simulator:policy`.
    pub name: &'static str,
    /// What the name stands for.
    pub original: Original,
    /// One line for people.
    pub summary: &'static str,
}

const fn founding(name: &'static str, policy: Founding, summary: &'static str) -> Entry {
    let original = Original::Founding(policy);
    Entry {
        name,
        original,
        summary,
    }
}

const fn faascache(name: &'static str, policy: FaasCache, summary: &'static str) -> Entry {
    let original = Original::FaasCache(policy);
    Entry {
        name,
        original,
        summary,
    }
}

/// All that can be repeated.
#[rustfmt::skip]
pub const CATALOGUE: [Entry; 15] = [
    founding("founding:dynamic-ttl", Founding::DynamicTtl, "least recent first, shields the young, drops instead (CLOUD21)"),
    founding("founding:lru", Founding::Lru, "least recent call first"),
    founding("founding:lfu", Founding::Lfu, "least called function first, counts never age"),
    founding("founding:runtime-diff", Founding::RuntimeDiff, "smallest warm / cold first, inverted"),
    founding("founding:cold-cost", Founding::ColdCost, "longest cold run first, inverted"),
    founding("founding:rand", Founding::Random, "any idle container, by Python's dice"),
    faascache("faascache:gd", FaasCache::GreedyDual, "greedy dual: frequency x cost / size, the paper's own"),
    faascache("faascache:ttl", FaasCache::Ttl, "10 minutes, checked on the function's own calls only"),
    faascache("faascache:long-ttl", FaasCache::LongTtl, "2 hours, checked on the function's own calls only"),
    faascache("faascache:lru", FaasCache::Lru, "least recent call first, all clones renewed together"),
    faascache("faascache:lnd", FaasCache::Landlord, "Landlord with the warm run as credit"),
    faascache("faascache:hist", FaasCache::Histogram, "histogram of times between calls, warm-up inverted"),
    faascache("faascache:freq", FaasCache::Frequency, "frequency x cost"),
    faascache("faascache:size", FaasCache::Size, "frequency / size"),
    faascache("faascache:rand", FaasCache::Random, "a number from 0 to 9, by numpy's dice"),
];

/// Repeats a published run: the whole trace on an empty node of `memory_mb`. Only the
/// random policies look at `seed`; the published comparisons use 1.
pub fn run(original: Original, memory_mb: u64, seed: u32, input: &Input) -> Outcome {
    match original {
        Original::Founding(policy) => founding_node::run(policy, memory_mb, seed, input),
        Original::FaasCache(policy) => faascache_node::run(policy, memory_mb, seed, input),
    }
}

/// A name that is not in the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("no published run is called `{name}`: try `founding:dynamic-ttl` or `faascache:gd`")]
pub struct UnknownOriginal {
    /// As it was written.
    pub name: String,
}

impl FromStr for Original {
    type Err = UnknownOriginal;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = CATALOGUE.iter().find(|entry| entry.name == name);
        found
            .map(|entry| entry.original)
            .ok_or_else(|| UnknownOriginal {
                name: name.to_owned(),
            })
    }
}

impl fmt::Display for Original {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = CATALOGUE.iter().find(|entry| entry.original == *self);
        f.write_str(found.map_or("", |entry| entry.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_can_be_asked_for_by_its_name() {
        for entry in &CATALOGUE {
            assert_eq!(entry.name.parse(), Ok(entry.original));
            assert_eq!(entry.original.to_string(), entry.name);
        }
        let wrong: Result<Original, _> = "faascache:cloud21".parse();
        assert!(
            wrong
                .unwrap_err()
                .to_string()
                .contains("`faascache:cloud21`")
        );
    }
}
