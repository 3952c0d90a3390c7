//! Who asks for what and when: the requests of the plain run in the same order, at random
//! moments, some of them writes.

use swell_core::time::Span;

use crate::cache::case::Case;
use crate::cache::graph::Topology;
use crate::cache::popularity::Popularity;
use crate::cache::protocol::setting::Protocol;
use crate::cache::replacement::bank::Content;
use crate::cache::splitmix::{SplitMix64, Stream};

/// One request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// The receiver, by its place.
    pub receiver: usize,
    /// What it wants.
    pub content: Content,
    /// Whether it wants to write it.
    pub writes: bool,
    /// Whether it is counted.
    pub counts: bool,
}

/// All who ask.
#[derive(Debug)]
pub struct Callers<'a> {
    popularity: &'a Popularity,
    requests: SplitMix64,
    moments: SplitMix64,
    coins: SplitMix64,
    /// The content before the first of each receiver's workload.
    first: Vec<Content>,
    /// Requests of all per second.
    rate: f64,
    writes: f64,
    /// Requests not yet made, counted ones last.
    left: u64,
    counted: u64,
}

impl<'a> Callers<'a> {
    /// Those of a case.
    pub fn new(
        case: &Case,
        protocol: &Protocol,
        topology: &Topology,
        popularity: &'a Popularity,
    ) -> Self {
        let workloads = topology.workloads.iter();
        Self {
            popularity,
            requests: SplitMix64::stream(case.seed, Stream::Requests),
            moments: SplitMix64::stream(case.seed, Stream::Moments),
            coins: SplitMix64::stream(case.seed, Stream::Writes),
            first: workloads.map(|workload| workload * case.contents).collect(),
            rate: protocol.rate * topology.receivers.len() as f64,
            writes: protocol.writes,
            left: case.warmup + case.requests,
            counted: case.requests,
        }
    }

    /// The next request, and how long after the one before.
    pub fn call(&mut self) -> Option<(Span, Call)> {
        if self.left == 0 {
            return None;
        }
        let counts = self.left <= self.counted;
        self.left -= 1;
        let receiver = self.requests.below(self.first.len() as u64) as usize;
        let content = self.first[receiver] + self.popularity.draw(&mut self.requests);
        let writes = self.coins.unit() < self.writes;
        let pause = -(1.0 - self.moments.unit()).ln() / self.rate;
        let pause = Span::from_nanos((pause * 1e9) as u64);
        Some((pause, Call { receiver, content, writes, counts }))
    }

    /// About how long the requests that are not counted take, and those that are.
    pub fn spans(&self) -> (Span, Span) {
        let span = |requests: u64| Span::from_nanos((requests as f64 / self.rate * 1e9) as u64);
        (span(self.left - self.counted), span(self.counted))
    }
}
