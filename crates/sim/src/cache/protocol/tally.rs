//! What is counted of a run with the protocol.

use swell_core::cachegroup::action::Origin;
use swell_core::time::Span;

use crate::cache::case::Outcome;

/// What came of the protocol's part of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kept {
    /// Reads that were older than their level promises.
    pub stale_reads: u64,
    /// Reads that were older than what somebody had been told before they began.
    pub behind_reads: u64,
    /// Writes that were committed.
    pub writes: u64,
    /// How long those took together.
    pub write_latency: Span,
    /// Reads and writes that were refused, or that nobody answered.
    pub failed: u64,
    /// Reads and writes that ended with their node's crash.
    pub crashed: u64,
    /// The longest read.
    pub read_latency_max: Span,
}

/// Counts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    reads: u64,
    local: u64,
    group: u64,
    latency: u64,
    messages: u64,
    kept: Kept,
}

impl Tally {
    /// A message was sent between nodes, or to or from the data store.
    pub fn on_message(&mut self) {
        self.messages += 1;
    }

    /// A read was answered.
    pub fn on_read(&mut self, origin: Origin, took: Span, is_stale: bool, is_behind: bool) {
        self.reads += 1;
        match origin {
            Origin::Local => self.local += 1,
            Origin::Group => self.group += 1,
            Origin::Store => {}
        }
        self.latency += took.nanos();
        self.kept.stale_reads += u64::from(is_stale);
        self.kept.behind_reads += u64::from(is_behind);
        self.kept.read_latency_max = self.kept.read_latency_max.max(took);
    }

    /// A write was committed.
    pub fn on_write(&mut self, took: Span) {
        self.kept.writes += 1;
        self.kept.write_latency += took;
    }

    /// An operation came to nothing.
    pub fn on_failure(&mut self) {
        self.kept.failed += 1;
    }

    /// An operation ended with its node.
    pub fn on_crash(&mut self) {
        self.kept.crashed += 1;
    }

    /// What came of it all.
    pub fn outcome(&self) -> (Outcome, Kept) {
        let outcome = Outcome {
            requests: self.reads,
            local_hits: self.local,
            group_hits: self.group,
            latency: Span::from_nanos(self.latency),
            messages: self.messages,
        };
        (outcome, self.kept)
    }
}
