//! One line of results: a case and what came of it. What scripts read; names and units are
//! part of the contract.

use serde::Serialize;

use crate::cache::case::{Case, Net};
use crate::cache::run::Played;
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
    /// What finding a copy costs: `oracle`, `redirect` or `validated`; `protocol` where the
    /// real one was played.
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
    /// Requests served with a version older than was promised. Without the protocol nobody
    /// writes, so there are none.
    pub stale_reads: u64,
    // What follows is of the protocol, and absent where it was not played.
    /// How fresh reads had to be: `strict`, `causal`, `bounded=5s` or `any`.
    pub level: Option<String>,
    /// How leaders help members to what they lack: `point`, `forward` or `relay`.
    pub way: Option<&'static str>,
    /// Share of requests that write.
    pub write_ratio: Option<f64>,
    /// Requests of each member per second.
    pub rate: Option<f64>,
    /// Members that crashed.
    pub member_crashes: Option<u32>,
    /// Leaders that crashed.
    pub leader_crashes: Option<u32>,
    /// How long the data store could not be reached, in s.
    pub outage_s: Option<f64>,
    /// Reads older than what somebody had been told before they began, promised or not.
    pub behind_reads: Option<u64>,
    /// Writes that were committed.
    pub writes: Option<u64>,
    /// How long each of them took, in ms.
    pub write_latency_ms: Option<f64>,
    /// Requests that were refused or not answered in time.
    pub failed: Option<u64>,
    /// Requests that ended with a crash of their node.
    pub crashed: Option<u64>,
    /// The longest read, in ms.
    pub latency_max_ms: Option<f64>,
    /// What is fetched ahead: `off`, or the layers, as `p0+p1`.
    pub prefetch: Option<String>,
    /// What tasks are like, as `functions=16,inputs=8,...`; absent where requests are single.
    pub tasks: Option<String>,
    /// Tasks that ended.
    pub tasks_ended: Option<u64>,
    /// Share of them that found all they read on their node.
    pub tasks_local_ratio: Option<f64>,
    /// How long a task waited for data, with the way to the node it ran on, in ms.
    pub task_wait_ms: Option<f64>,
    /// The same of the one in a hundred that waited longest, in ms.
    pub task_wait_p99_ms: Option<f64>,
    /// Fetches ahead: begun, and of these useful, late and wasted.
    pub prefetches: Option<u64>,
    /// Copies fetched ahead that were read before they went.
    pub prefetches_useful: Option<u64>,
    /// Copies fetched ahead that were still on their way when they were wanted.
    pub prefetches_late: Option<u64>,
    /// Copies fetched ahead that went unread.
    pub prefetches_wasted: Option<u64>,
    /// Versions that came from the data store, asked for or ahead.
    pub store_fetches: Option<u64>,
    /// Requests simulated per second of one processor, warm-up included; absent where results
    /// are to be the same from run to run.
    pub requests_per_s: Option<f64>,
}

impl Row {
    /// The row of a case that took so many seconds.
    pub fn new(case: &Case, played: &Played) -> Self {
        let Played { ref outcome, kept, seconds } = *played;
        let (topology, group, links) = match &case.net {
            Net::Deck { shape, draw: Draw::Even } => ("deck".into(), shape.to_string(), "even"),
            Net::Deck { shape, draw: Draw::Random } => ("deck".into(), shape.to_string(), "random"),
            Net::Other(topology) => (topology.name.clone(), groups(&topology.groups), ""),
        };
        let requests = outcome.requests;
        let tasks = case.protocol.and_then(|protocol| protocol.tasks);
        let ended = tasks.and(kept).map(|kept| kept.tasks);
        Self {
            topology,
            group,
            links,
            strategy: case.strategy.to_string(),
            lookup: if case.protocol.is_some() { "protocol" } else { name(case.lookup) },
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
            stale_reads: kept.map_or(0, |kept| kept.stale_reads),
            level: case.protocol.map(|protocol| protocol.level.to_string()),
            way: case.protocol.map(|protocol| protocol.way.word()),
            write_ratio: case.protocol.map(|protocol| protocol.writes),
            rate: case.protocol.map(|protocol| protocol.rate),
            member_crashes: case.protocol.map(|protocol| protocol.member_crashes),
            leader_crashes: case.protocol.map(|protocol| protocol.leader_crashes),
            outage_s: case.protocol.map(|protocol| protocol.outage.secs_f64()),
            behind_reads: kept.map(|kept| kept.behind_reads),
            writes: kept.map(|kept| kept.writes),
            write_latency_ms: kept
                .map(|kept| kept.write_latency.millis_f64() / kept.writes.max(1) as f64),
            failed: kept.map(|kept| kept.failed),
            crashed: kept.map(|kept| kept.crashed),
            latency_max_ms: kept.map(|kept| kept.read_latency_max.millis_f64()),
            prefetch: case.protocol.map(|protocol| protocol.prefetch.to_string()),
            tasks: tasks.map(|tasks| tasks.to_string()),
            tasks_ended: ended.map(|tasks| tasks.tasks),
            tasks_local_ratio: ended
                .map(|tasks| tasks.all_local as f64 / tasks.tasks.max(1) as f64),
            task_wait_ms: ended.map(|tasks| tasks.latency.millis_f64() / tasks.tasks.max(1) as f64),
            task_wait_p99_ms: ended.map(|tasks| tasks.latency_p99.millis_f64()),
            prefetches: kept.map(|kept| kept.ahead.begun()),
            prefetches_useful: kept.map(|kept| kept.ahead.useful),
            prefetches_late: kept.map(|kept| kept.ahead.late),
            prefetches_wasted: kept.map(|kept| kept.ahead.wasted),
            store_fetches: kept.map(|kept| kept.tasks.store_fetches),
            requests_per_s: Some((case.warmup + requests) as f64 / seconds.max(1e-9)),
        }
    }
}

impl Row {
    /// What went wrong, in a word or two.
    pub fn trouble(&self) -> String {
        let (Some(members), Some(leaders), Some(outage)) =
            (self.member_crashes, self.leader_crashes, self.outage_s)
        else {
            return String::new();
        };
        format!("{members} members, {leaders} leaders, {outage} s without store")
    }

    /// Requests that came to nothing.
    pub fn lost(&self) -> Option<u64> {
        Some(self.failed? + self.crashed?)
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
