//! What one run is: a network, a strategy, a law of popularity and a seed.

use swell_core::time::Span;

use crate::cache::graph::Topology;
use crate::cache::protocol::setting::Protocol;
use crate::cache::replacement::catalogue::Replacement;
use crate::cache::splitmix::{SplitMix64, Stream};
use crate::cache::strategy::catalogue::Choice;
use crate::cache::strategy::group::Lookup;
use crate::cache::topology::star::{Draw, Shape, star};

/// Where requests come from and go to.
#[derive(Debug, Clone, PartialEq)]
pub enum Net {
    /// The paper's star of stars.
    Deck {
        /// Members and groups.
        shape: Shape,
        /// What chance decides of it.
        draw: Draw,
    },
    /// Any other; its caches may be in groups.
    Other(Topology),
}

/// One run.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// The network.
    pub net: Net,
    /// The strategy.
    pub strategy: Choice,
    /// What finding a copy in a group costs.
    pub lookup: Lookup,
    /// The rule of replacement.
    pub replacement: Replacement,
    /// The exponent of Zipf's law.
    pub alpha: f64,
    /// Workloads, each with contents of its own.
    pub workloads: u32,
    /// Contents of each workload.
    pub contents: u32,
    /// Slots of each cache.
    pub slots: u32,
    /// Requests that are not counted.
    pub warmup: u64,
    /// Requests that are.
    pub requests: u64,
    /// The seed.
    pub seed: u64,
    /// The real protocol, in place of the strategy's own reckoning. Asks for the strategy
    /// `group` and a network with leaders.
    pub protocol: Option<Protocol>,
}

impl Case {
    /// The network of this run.
    pub fn topology(&self) -> Topology {
        match &self.net {
            Net::Deck { shape, draw } => {
                let mut chance = SplitMix64::stream(self.seed, Stream::Shape);
                star(*shape, self.workloads, *draw, &mut chance)
            }
            Net::Other(topology) => topology.clone(),
        }
    }
}

/// What came of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Requests counted.
    pub requests: u64,
    /// Served by the cache that the receiver meets first.
    pub local_hits: u64,
    /// Served by another cache.
    pub group_hits: u64,
    /// Delay of all requests and replies together.
    pub latency: Span,
    /// Messages between nodes that handle them.
    pub messages: u64,
}

impl Outcome {
    /// Served by any cache.
    pub fn hits(&self) -> u64 {
        self.local_hits + self.group_hits
    }

    /// The share of that.
    pub fn hit_ratio(&self) -> f64 {
        self.hits() as f64 / self.requests.max(1) as f64
    }

    /// The mean delay of a request with its reply, in milliseconds.
    pub fn latency_ms(&self) -> f64 {
        self.latency.millis_f64() / self.requests.max(1) as f64
    }
}
