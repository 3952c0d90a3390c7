//! What stands at a moment, as opposed to what was counted: filled in when somebody asks
//! for the metrics, by those who know, so that no request pays for keeping it up.

use std::collections::BTreeMap;
use std::fmt;

use parking_lot::RwLock;
use swell_api::flow::FlowItems;
use swell_core::cachegroup::prefetch::counts::Counts;
use swell_core::pool::instance::State;

use crate::observe::histogram::Reading;

/// Figures of the node at a moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Gauges {
    /// Functions deployed.
    pub functions: u64,
    /// Processor time of each function that took any, in microseconds.
    pub function_cpu_us: BTreeMap<String, u64>,
    /// Requests the node works on.
    pub inflight_requests: u64,
    /// Of these, requests that wait for an instance.
    pub waiting_requests: u64,
    /// Instances by state.
    pub instances: ByState,
    /// Memory set aside for them, in bytes, by state.
    pub memory_bytes: ByState,
    /// Memory they may hold together, in bytes.
    pub memory_limit_bytes: u64,
    /// Events in the journal.
    pub journal_events: u64,
    /// Length of the journal, in bytes.
    pub journal_bytes: u64,
    /// Asynchronous calls that wait for their turn.
    pub queue_waiting: u64,
    /// Asynchronous calls being tried.
    pub queue_running: u64,
    /// Asynchronous calls given up and kept.
    pub queue_dead: u64,
    /// Bytes of the bodies of asynchronous calls.
    pub queue_bytes: u64,
    /// Tries that ended a call, after which another follows, after which none does.
    pub queue_tries: [u64; 3],
    /// Answers posted to those who wait for them, and posts that failed.
    pub callbacks: [u64; 2],
    /// Lines that guests wrote to standard output, to standard error, and the node's own.
    pub log_lines: [u64; 3],
    /// Forecasts and clones.
    pub forecasts: ForecastGauges,
    /// Spans that reached the collector of traces.
    pub spans_exported: u64,
    /// Spans that were lost on the way.
    pub spans_dropped: u64,
    /// Contents of cache groups, if the node has any.
    pub contents: Option<ContentGauges>,
    /// Flows between functions.
    pub flows: Vec<FlowFigures>,
    /// Regions that flows lie in, by size class.
    pub regions: Vec<RegionFigures>,
    /// Bytes of all regions, those made beforehand included.
    pub region_bytes: u64,
    /// Changes of each flow by reason, of those too that are at other nodes.
    pub flow_moves: Vec<(String, Vec<(String, u64)>)>,
    /// Flows that are at other nodes, with what somebody should look after.
    pub away_alarms: Vec<(String, String)>,
    /// Decisions of the flow analyzer: moves, over budget, cooling down, no target, no benefit,
    /// overloaded.
    pub flow_decisions: [u64; 6],
    /// How long its last tick took, and the longest.
    pub flow_tick_seconds: [f64; 2],
    /// The other sites of the cluster, where the node is one.
    pub peers: Vec<PeerFigures>,
}

/// Figures of another site.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PeerFigures {
    /// Its name.
    pub name: String,
    /// Whether gossip finds it.
    pub is_reached: bool,
    /// How long it took to answer over the resource channel, or that it did not; nothing before it
    /// was asked.
    pub resource_seconds: Option<Option<f64>>,
}

/// Figures of contents.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ContentGauges {
    /// Reads answered from this node, from the group, from the data store.
    pub reads: [u64; 3],
    /// Bytes they were answered.
    pub read_bytes: u64,
    /// Writes that were acknowledged, operations that came to nothing.
    pub operations: [u64; 2],
    /// Messages sent and received.
    pub messages: [u64; 2],
    /// Requests to the data store that were answered, and that came to nothing.
    pub store_requests: [u64; 2],
    /// Groups that this node leads, and others that it is in.
    pub groups: [u64; 2],
    /// Groups in which others vote than this node's settings name.
    pub groups_differing: u64,
    /// Copies here.
    pub copies: u64,
    /// Memory that they take.
    pub memory_bytes: u64,
    /// What came of fetching ahead.
    pub ahead: Counts,
    /// Whether the data store could be used last.
    pub is_store_up: bool,
    /// Calls of workloads that ran where they came, were passed on, came from other nodes, and did
    /// not get to another node.
    pub placements: [u64; 4],
}

/// Figures of a flow.
#[derive(Debug, Clone, PartialEq)]
pub struct FlowFigures {
    /// Its name.
    pub name: String,
    /// What became of items.
    pub items: FlowItems,
    /// Items in it.
    pub depth: u64,
    /// Of these, items that are on disk only.
    pub behind: u64,
    /// Bytes it takes on disk.
    pub disk_bytes: u64,
    /// How long the item being worked on has been in it.
    pub oldest_seconds: f64,
    /// Share of the last second that producers waited.
    pub blocked: f64,
    /// Share of the last second that its owner waited.
    pub starved: f64,
    /// Counts its owners.
    pub epoch: u64,
    /// Who owns it.
    pub owner: String,
    /// The names of its lanes, and bytes of the size class of each.
    pub lanes: Vec<(String, u64)>,
    /// What goes in a tenth of a second as a share of what it can hold.
    pub utilization: f64,
    /// How much spoke for a change of hands.
    pub score: f64,
    /// What the next change of hands is expected to cost.
    pub next_pause_seconds: f64,
    /// When something was last put in, and done with, in seconds since 1970; nothing if nothing was.
    pub last_put_seconds: Option<f64>,
    /// See `last_put_seconds`.
    pub last_taken_seconds: Option<f64>,
    /// What somebody should look after.
    pub alarms: Vec<String>,
    /// How long items were in it.
    pub sojourn: Reading,
    /// How long changes of owners took.
    pub pauses: Reading,
}

/// Regions of a size class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegionFigures {
    /// Bytes of data of each.
    pub bytes: u64,
    /// Regions that nobody uses.
    pub free: u64,
    /// Regions in use.
    pub used: u64,
    /// Takes that found none ready.
    pub misses: u64,
}

/// Figures of forecasts, and of the clones that are made by them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ForecastGauges {
    /// Functions that are forecast.
    pub functions: u64,
    /// Shares of counts within the 80 and the 95 % band of steps of late, in millionths; none before
    /// any was scored.
    pub coverage_millionths: Option<[u64; 2]>,
    /// The same of minutes, since the node came up.
    pub minutes_coverage_millionths: Option<[u64; 2]>,
    /// Anomalies at hand.
    pub anomalies: u64,
    /// Models made, and trainings of which none came.
    pub trainings: [u64; 2],
    /// Time of the processor that training took, in microseconds.
    pub training_us: u64,
    /// Time of the processor that forecasting took, in microseconds.
    pub forecasting_us: u64,
    /// When the newest forecast was made, in milliseconds since 1970.
    pub made_ms: u64,
    /// Clones made, such as served a call, such as ended without.
    pub clones: [u64; 3],
    /// Bytes that counts take in memory.
    pub demand_bytes: u64,
}

/// An amount for each state of an instance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ByState {
    /// Being made.
    pub starting: u64,
    /// Ready, having served before.
    pub idle: u64,
    /// Serving.
    pub busy: u64,
    /// Ready, made ahead of demand and not used so far.
    pub pre_warmed: u64,
    /// Frozen.
    pub paused: u64,
}

impl ByState {
    /// Adds to the amount of a state.
    pub fn add(&mut self, state: State, amount: u64) {
        *match state {
            State::Starting => &mut self.starting,
            State::Idle => &mut self.idle,
            State::Busy => &mut self.busy,
            State::PreWarmed => &mut self.pre_warmed,
            State::Paused => &mut self.paused,
        } += amount;
    }

    /// The states by their words, with their amounts.
    pub fn rows(&self) -> [(&'static str, u64); 5] {
        [
            ("starting", self.starting),
            ("idle", self.idle),
            ("busy", self.busy),
            ("pre-warmed", self.pre_warmed),
            ("paused", self.paused),
        ]
    }
}

type Fill = Box<dyn Fn(&mut Gauges) + Send + Sync>;

/// Those who know.
#[derive(Default)]
pub struct Sources {
    fills: RwLock<Vec<Fill>>,
}

impl Sources {
    /// One more who knows some of the figures.
    pub fn add(&self, fill: impl Fn(&mut Gauges) + Send + Sync + 'static) {
        self.fills.write().push(Box::new(fill));
    }

    /// The figures now.
    pub fn read(&self) -> Gauges {
        let mut gauges = Gauges::default();
        for fill in self.fills.read().iter() {
            fill(&mut gauges);
        }
        gauges
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources").field("count", &self.fills.read().len()).finish()
    }
}
