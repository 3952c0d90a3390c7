//! What is counted of a run with the protocol.

use swell_core::cachegroup::action::Origin;
use swell_core::cachegroup::prefetch::counts::Counts;
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
    /// What came of tasks, and of what was fetched ahead for them.
    pub tasks: TaskTally,
    /// Fetches ahead, and what came of them.
    pub ahead: Counts,
}

/// What came of tasks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TaskTally {
    /// Tasks that ended.
    pub tasks: u64,
    /// Of them, those that found all they read on their node.
    pub all_local: u64,
    /// How long they waited for data together, with the way to the node they ran on.
    pub latency: Span,
    /// The same, of the one in a hundred that waited longest.
    pub latency_p99: Span,
    /// How often the data store was asked for bytes: by whom they were served.
    pub store_fetches: u64,
}

/// Counts.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// How long each task waited.
    waits: Vec<u64>,
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
            Origin::Store => self.kept.tasks.store_fetches += 1,
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

    /// A task ended.
    pub fn on_task(&mut self, waited: Span, all_local: bool) {
        self.kept.tasks.tasks += 1;
        self.kept.tasks.all_local += u64::from(all_local);
        self.kept.tasks.latency += waited;
        self.waits.push(waited.nanos());
    }

    /// What was fetched ahead came from the data store.
    pub fn on_fetched_ahead(&mut self, origin: Origin) {
        self.kept.tasks.store_fetches += u64::from(origin == Origin::Store);
    }

    /// What came of fetching ahead.
    pub fn set_ahead(&mut self, counts: Counts) {
        self.kept.ahead = counts;
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
        let mut kept = self.kept;
        let mut waits = self.waits.clone();
        waits.sort_unstable();
        let place = (waits.len() * 99).div_ceil(100).saturating_sub(1);
        let last = waits.get(place).copied().unwrap_or_default();
        kept.tasks.latency_p99 = Span::from_nanos(last);
        (outcome, kept)
    }
}
