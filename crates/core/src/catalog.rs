//! The one list of policies: name, meaning, source, parameters, and how to build each.
//!
//! A policy is asked for by a specification: its name, alone or with parameters, such as
//! `fixed-ttl:ttl=20m` or `lru:wait=10s`. Every policy takes `wait` and `queue`, which
//! decide what happens to a request that finds no instance ready.

use crate::keepalive::by_function::ByFunction;
use crate::keepalive::keeper::KeepAlive;
use crate::keepalive::{
    cip, cold_cost, dynamic_ttl, fifo, fixed_ttl, freq, greedy_dual, hazard, hybrid_histogram,
    landlord, lfu, lru, random, runtime_diff, size,
};
use crate::parameters::{Parameters, UnknownPolicy};
use crate::rng;
use crate::settings::{Dispatch, WaitLimits};
use crate::time::Span;

/// A policy, ready to decide.
pub struct Policy {
    /// Which idle instances to keep.
    pub keeper: Box<dyn KeepAlive>,
    /// What happens to a request that finds no instance ready.
    pub dispatch: Dispatch,
}

/// One line of the catalogue.
pub struct Entry {
    /// The name it is chosen by.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// Its own parameters: name, default, meaning.
    pub parameters: &'static [Parameter],
    /// Longest wait and longest queue where it waits by default.
    pub waits: Option<WaitLimits>,
    build: Build,
}

/// Makes a keeper from its parameters and a seed.
type Build = fn(&mut Parameters, u64) -> Result<Box<dyn KeepAlive>, UnknownPolicy>;

/// One parameter of a policy.
pub struct Parameter {
    /// The key before the `=`.
    pub name: &'static str,
    /// What holds if it is not given.
    pub default: &'static str,
    /// What it does.
    pub meaning: &'static str,
}

/// Requests of one function that may wait, unless `queue` says otherwise.
pub const QUEUE: u32 = 10_000;

/// The longest histogram of idle times; each function that needs it holds all its bins.
const HISTOGRAM_MAX: Span = Span::from_mins(7 * 24 * 60);

const FOUNDING: &str = "founding report on keep-alive algorithms";
const FAASCACHE: &str = "Fuerst and Sharma, FaasCache, ASPLOS 2021";

/// All policies, in the order of reports.
pub const ENTRIES: &[Entry] = &[
    Entry {
        name: "dynamic-ttl",
        summary: "evicts the longest idle, but nothing idle for less than 1 min per 400 MB (at least 6 min)",
        source: FOUNDING,
        parameters: &[Parameter {
            name: "expire",
            default: "false",
            meaning: "also end instances idle for longer than the TTL",
        }],
        waits: None,
        build: |parameters, _| {
            Ok(Box::new(dynamic_ttl::DynamicTtl::new(parameters.flag("expire", false)?)))
        },
    },
    Entry {
        name: "lru",
        summary: "evicts the instance idle for the longest time",
        source: FOUNDING,
        parameters: &[],
        waits: None,
        build: |_, _| Ok(Box::new(lru::Lru::default())),
    },
    Entry {
        name: "lfu",
        summary: "evicts from the function called least often, ever",
        source: FOUNDING,
        parameters: &[],
        waits: None,
        build: |_, _| Ok(Box::new(ByFunction::new(lfu::Lfu))),
    },
    Entry {
        name: "runtime-diff",
        summary: "evicts from the function with the smallest warm time / cold time",
        source: FOUNDING,
        parameters: &[],
        waits: None,
        build: |_, _| Ok(Box::new(ByFunction::new(runtime_diff::RuntimeDiff))),
    },
    Entry {
        name: "cold-cost",
        summary: "evicts from the function with the longest cold call",
        source: FOUNDING,
        parameters: &[],
        waits: None,
        build: |_, _| Ok(Box::new(ByFunction::new(cold_cost::ColdCost))),
    },
    Entry {
        name: "random",
        summary: "evicts any idle instance",
        source: FOUNDING,
        parameters: &[],
        waits: None,
        build: |_, seed| Ok(Box::new(random::Random::new(rng::split(seed, "keepalive/random")))),
    },
    Entry {
        name: "fixed-ttl",
        summary: "ends instances idle for a fixed time; evicts the longest idle before that",
        source: "common practice (OpenWhisk, AWS Lambda as measured)",
        parameters: &[Parameter { name: "ttl", default: "10m", meaning: "how long to keep" }],
        waits: None,
        build: |parameters, _| {
            let ttl = parameters.span("ttl", Span::from_mins(10))?;
            Ok(Box::new(fixed_ttl::FixedTtl::new(ttl)))
        },
    },
    Entry {
        name: "fifo",
        summary: "evicts the instance made first",
        source: "common practice",
        parameters: &[],
        waits: None,
        build: |_, _| Ok(Box::new(fifo::Fifo::default())),
    },
    Entry {
        name: "greedy-dual",
        summary: "evicts by clock + frequency x start time / memory (GDSF)",
        source: FAASCACHE,
        parameters: &[],
        waits: None,
        build: |_, _| Ok(Box::new(ByFunction::new(greedy_dual::GreedyDual))),
    },
    Entry {
        name: "landlord",
        summary: "evicts the instance whose credit (start time) is used up by rent for memory",
        source: "Young, On-line file caching, 1998",
        parameters: &[],
        waits: None,
        build: |_, _| Ok(Box::new(landlord::Landlord::default())),
    },
    Entry {
        name: "size",
        summary: "evicts by clock + frequency / memory",
        source: FAASCACHE,
        parameters: &[],
        waits: None,
        build: |_, _| Ok(Box::new(ByFunction::new(size::Size))),
    },
    Entry {
        name: "freq",
        summary: "evicts by clock + frequency x start time",
        source: FAASCACHE,
        parameters: &[],
        waits: None,
        build: |_, _| Ok(Box::new(ByFunction::new(freq::Freq))),
    },
    Entry {
        name: "cip",
        summary: "evicts by GreedyDual's priority divided by the function's instances",
        source: "after CIDRE, ASPLOS 2025",
        parameters: &[],
        waits: None,
        build: |_, _| Ok(Box::new(ByFunction::new(cip::Cip))),
    },
    Entry {
        name: "hybrid-histogram",
        summary: "unloads at once and pre-warms before the next call is due, by a histogram of idle times",
        source: "Shahrad et al., Serverless in the Wild, USENIX ATC 2020",
        parameters: &[Parameter {
            name: "range",
            default: "4h",
            meaning: "how far the histogram reaches, in bins of one minute",
        }],
        waits: None,
        build: |parameters, _| {
            let range = parameters.span_up_to("range", Span::from_mins(240), HISTOGRAM_MAX)?;
            Ok(Box::new(hybrid_histogram::HybridHistogram::new(range)))
        },
    },
    Entry {
        name: "hazard",
        summary: "evicts what is least worth its memory, by each function's learned chance of being needed",
        source: "Swell; index after Gittins, 1979",
        parameters: &[
            Parameter {
                name: "by-cost",
                default: "false",
                meaning: "weigh a cold start by its length, to minimise seconds rather than starts",
            },
            Parameter {
                name: "patience",
                default: "30s",
                meaning: "how long a request may wait rather than evict something precious",
            },
            Parameter {
                name: "serve",
                default: "0.3",
                meaning: "how many warm calls it is worth to serve a waiting request by a start",
            },
        ],
        waits: Some(WaitLimits { longest: Span::from_secs(30), queue: QUEUE }),
        build: |parameters, _| {
            let by_cost = parameters.flag("by-cost", false)?;
            let patience = parameters.span("patience", Span::from_secs(30))?;
            let serve = parameters.number("serve", 0.3)?;
            Ok(Box::new(hazard::policy::Hazard::new(by_cost, patience, serve)))
        },
    },
];

/// The entry of that name.
pub fn find(name: &str) -> Result<&'static Entry, UnknownPolicy> {
    ENTRIES.iter().find(|entry| entry.name == name).ok_or_else(|| {
        let names = ENTRIES.iter().map(|entry| entry.name);
        UnknownPolicy::name(name, names)
    })
}

/// Builds the policy a specification asks for.
pub fn build(specification: &str, seed: u64) -> Result<Policy, UnknownPolicy> {
    let mut parameters = Parameters::parse(specification)?;
    let entry = find(parameters.name())?;
    let keeper = (entry.build)(&mut parameters, seed)?;
    let default_wait = entry.waits.map_or(Span::ZERO, |limits| limits.longest);
    let default_queue = entry.waits.map_or(QUEUE, |limits| limits.queue);
    let longest = parameters.span("wait", default_wait)?;
    let queue = parameters.count("queue", default_queue)?;
    let own = entry.parameters.iter().map(|parameter| parameter.name);
    parameters.finish(own.chain(["wait", "queue"]))?;
    let dispatch = if longest == Span::ZERO {
        Dispatch::StartOrRefuse
    } else {
        Dispatch::Wait(WaitLimits { longest, queue })
    };
    Ok(Policy { keeper, dispatch })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_builds_with_its_defaults_spelled_out() {
        for entry in ENTRIES {
            assert!(build(entry.name, 1).is_ok(), "{}", entry.name);
            for parameter in entry.parameters {
                let spelled = format!("{}:{}={}", entry.name, parameter.name, parameter.default);
                assert!(build(&spelled, 1).is_ok(), "{spelled}");
            }
        }
    }

    #[test]
    fn wrong_specifications_say_what_is_right() {
        for (specification, expected) in [
            ("lruu", "no policy is called `lruu`; did you mean `lru`?"),
            ("", "no policy is called ``"),
            ("fixed-ttl:tll=10m", "`fixed-ttl` has no parameter `tll`; did you mean `ttl`?"),
            ("fixed-ttl:ttl=soon", "`ttl` of `fixed-ttl`"),
            (
                "hybrid-histogram:range=8d",
                "`range` of `hybrid-histogram`: `8d` is more than the 7d",
            ),
            ("fixed-ttl:ttl", "`ttl` needs a value"),
            ("lru:queue=-1", "`queue` of `lru`"),
        ] {
            let error = build(specification, 1).err().expect("refused").to_string();
            assert!(error.starts_with(expected), "{specification}: {error}");
        }
    }
}
