//! One line of results: a case and what came of it. What scripts read; names and units are
//! part of the contract.

use serde::Serialize;

use crate::cache::case::{Case, Net, Outcome};
use crate::cache::strategy::group::Lookup;
use crate::cache::topology::star::Draw;

/// The result of one run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The network.
    pub topology: String,
    /// Members and leaders of its cache groups, as `10x32`; empty where there are none.
    pub group: String,
    /// What chance decides of the paper's network: `even` or `random`; empty for others.
    pub links: &'static str,
    /// The strategy.
    pub strategy: String,
    /// What finding a copy costs: `oracle`, `redirect` or `validated`.
    pub lookup: &'static str,
    /// The rule of replacement.
    pub replacement: &'static str,
    /// The exponent of Zipf's law.
    pub alpha: f64,
    /// Workloads, each with contents of its own.
    pub workloads: u32,
    /// Contents of each workload.
    pub contents: u32,
    /// Slots of each cache.
    pub slots: u32,
    /// Requests that were not counted.
    pub warmup: u64,
    /// The seed.
    pub seed: u64,
    /// Requests that were counted.
    pub requests: u64,
    /// Served by any cache.
    pub hits: u64,
    /// Served by the cache that the receiver meets first: its own, or the one at the edge.
    pub local_hits: u64,
    /// Served by another cache.
    pub group_hits: u64,
    /// `hits` of each request.
    pub hit_ratio: f64,
    /// Delay of all requests with their replies, in ms.
    pub latency_sum_ms: f64,
    /// The same of each request, in ms.
    pub latency_ms: f64,
    /// Messages between nodes that handle them.
    pub messages: u64,
    /// The same of each request.
    pub messages_per_request: f64,
    /// Requests served with a version that was not the newest. Nobody writes in these
    /// scenarios, so there are none.
    pub stale_reads: u64,
    /// Requests simulated per second of one processor, warm-up included; absent where results
    /// are to be the same from run to run.
    pub requests_per_s: Option<f64>,
}

impl Row {
    /// The row of a case that took so many seconds.
    pub fn new(case: &Case, outcome: &Outcome, seconds: f64) -> Self {
        let (topology, group, links) = match &case.net {
            Net::Deck { shape, draw: Draw::Even } => ("deck".into(), shape.to_string(), "even"),
            Net::Deck { shape, draw: Draw::Random } => ("deck".into(), shape.to_string(), "random"),
            Net::Other(topology) => (topology.name.clone(), groups(&topology.groups), ""),
        };
        let requests = outcome.requests;
        Self {
            topology,
            group,
            links,
            strategy: case.strategy.to_string(),
            lookup: name(case.lookup),
            replacement: case.replacement.name(),
            alpha: case.alpha,
            workloads: case.workloads,
            contents: case.contents,
            slots: case.slots,
            warmup: case.warmup,
            seed: case.seed,
            requests,
            hits: outcome.hits(),
            local_hits: outcome.local_hits,
            group_hits: outcome.group_hits,
            hit_ratio: outcome.hit_ratio(),
            latency_sum_ms: outcome.latency.millis_f64(),
            latency_ms: outcome.latency_ms(),
            messages: outcome.messages,
            messages_per_request: outcome.messages as f64 / requests.max(1) as f64,
            stale_reads: 0,
            requests_per_s: Some((case.warmup + requests) as f64 / seconds.max(1e-9)),
        }
    }
}

/// What finding a copy costs, in a word.
pub fn name(lookup: Lookup) -> &'static str {
    match lookup {
        Lookup::Oracle => "oracle",
        Lookup::Redirect => "redirect",
        Lookup::Validated => "validated",
    }
}

/// Groups of equal size, as they were asked for.
fn groups(of_caches: &[u32]) -> String {
    match of_caches.last() {
        None => String::new(),
        Some(last) => format!("{}x{}", of_caches.len() / (*last as usize + 1), last + 1),
    }
}
