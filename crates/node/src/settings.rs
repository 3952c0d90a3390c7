//! What a node is told before it starts: resolved values. Files, environment and flags
//! are read and merged by the program, which owns the defaults.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use swell_api::spec::ForecastMode;
use swell_core::cachegroup::prefetch::layers::Layers;
use swell_core::units::Bytes;

/// Settings of a node.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeSettings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Certificate and key to speak TLS with; none is plain HTTP.
    pub tls: Option<TlsSettings>,
    /// What callers of `/v1` must show as `Authorization: Bearer`; without it `/v1` answers
    /// to this machine only.
    pub token: Option<String>,
    /// The one folder that holds all its state.
    pub data: PathBuf,
    /// Memory that instances may hold together.
    pub memory: Bytes,
    /// The keep-alive policy, with parameters.
    pub policy: String,
    /// Seed of the mind's chance.
    pub seed: u64,
    /// How many times faster than the wall the mind's clock goes.
    pub speed: f64,
    /// Clones that can exist at a time; none is as many as fit.
    pub clones_max: Option<u32>,
    /// Requests that the node works on at a time; one more is answered with 503.
    pub requests_max: u32,
    /// Bytes that the journals of this and earlier runs may take on disk; zero is none kept.
    pub journal_bytes_max: Bytes,
    /// Log lines of guests kept in memory.
    pub log_lines_max: usize,
    /// How long requests under way may take to finish when the node is told to stop.
    pub drain: Duration,
    /// A file of secrets, `NAME=value` a line.
    pub secrets: Option<PathBuf>,
    /// Asynchronous calls.
    pub queue: QueueSettings,
    /// Forecasts, and the clones that are made by them.
    pub forecast: ForecastSettings,
    /// Flows between functions.
    pub flow: FlowSettings,
    /// Contents of cache groups.
    pub cache: CacheSettings,
    /// Whether other nodes share the machine, so that what else it does does not count as the load
    /// of this node's site.
    pub shared_machine: bool,
    /// Where traces go, such as `http://127.0.0.1:4318`.
    pub otlp: Option<String>,
}

/// Certificate and key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsSettings {
    /// PEM file of the certificate chain.
    pub certificate: PathBuf,
    /// PEM file of the private key.
    pub key: PathBuf,
}

/// Settings of the queue of asynchronous calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueSettings {
    /// Calls tried at a time.
    pub workers: u32,
    /// Calls that may wait or be tried at a time; one more is answered with 429.
    pub entries_max: u64,
    /// Bytes that the bodies of all calls and answers may have together.
    pub bytes_max: Bytes,
    /// How long results are kept; never more of them than calls may wait.
    pub keep: Duration,
    /// Dead letters kept; the oldest go first.
    pub dead_max: u64,
    /// Hosts that answers may be posted to: `host`, `host:port`, `*.host`, or `*` for any.
    pub callbacks: Vec<String>,
}

/// Settings of forecasts, and of the clones that are made by them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForecastSettings {
    /// Whether there are any, and what comes of them.
    pub mode: ForecastMode,
    /// Minutes in a step: one, or a multiple of five that divides a day.
    pub step_minutes: u32,
    /// Steps ahead.
    pub horizon_steps: u32,
    /// Where the people are who call: their days and hours are those of this zone.
    pub zone: chrono_tz::Tz,
    /// What decides on clones, with parameters.
    pub policy: String,
    /// What it is told.
    pub clones_by: ClonesBy,
    /// Share of the memory of instances that waiting clones may hold, in thousandths.
    pub memory_per_mille: u16,
    /// Clones made in a second, at most.
    pub starts_max: u32,
    /// Share of one core that learning may use, in thousandths.
    pub training_per_mille: u16,
    /// Memory that learning may use.
    pub training_memory: Bytes,
    /// A Prometheus to fetch other series from, such as `http://127.0.0.1:9090`.
    pub prometheus: Option<String>,
    /// Series that demand may follow.
    pub follow: Vec<Follow>,
    /// Bytes that the record of forecasts and of what came may take on disk; zero is none kept.
    pub record_bytes_max: Bytes,
}

/// What clones are decided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClonesBy {
    /// The chance of any call in each minute.
    #[default]
    Minutes,
    /// The forecasts of steps, as they are shown.
    Steps,
}

/// A series that demand may follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Follow {
    /// What it is called.
    pub name: String,
    /// The query for it, in PromQL; of several series of an answer the sum counts.
    pub query: String,
}

impl Default for ForecastSettings {
    /// None; what else is here then does nothing.
    fn default() -> Self {
        Self {
            mode: ForecastMode::Off,
            step_minutes: 5,
            horizon_steps: 12,
            zone: chrono_tz::Tz::UTC,
            policy: "expected-cost".to_string(),
            clones_by: ClonesBy::Minutes,
            memory_per_mille: 500,
            starts_max: 50,
            training_per_mille: 100,
            training_memory: Bytes::new(256 << 20),
            prometheus: None,
            follow: Vec::new(),
            record_bytes_max: Bytes::new(64 << 20),
        }
    }
}

/// Settings of flows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowSettings {
    /// Bytes that all lanes of the node may hold, those made beforehand included.
    pub memory_max: Bytes,
    /// Bytes that the lanes of one function may hold.
    pub function_memory_max: Bytes,
    /// The rule by which flows change hands, with parameters.
    pub policy: String,
    /// Whether busy flows work on cores of their own.
    pub cores: FlowCores,
    /// How flows go from node to node; they do not where this is missing.
    pub link: Option<FlowLinkSettings>,
    /// Other nodes that the analyzer may let flows go to, by name, with their addresses for flows.
    pub nodes: BTreeMap<String, String>,
    /// The socket for native processes; none is `flow.sock` in the data folder.
    pub socket: Option<PathBuf>,
    /// Whether processes of the node's group may connect, besides those of its user.
    pub socket_group: bool,
}

/// Whether busy flows work on threads of their own, each kept on one core.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FlowCores {
    /// They share the threads of the node.
    Off,
    /// They do where there are cores to spare: four or more.
    #[default]
    Auto,
    /// They do.
    On,
}

/// How a node meets others for flows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowLinkSettings {
    /// Where it listens for them.
    pub listen: SocketAddr,
    /// PEM file of the certificate of the cluster's authority.
    pub authority: PathBuf,
    /// PEM file of the node's certificate, for the purpose `flow`.
    pub certificate: PathBuf,
    /// PEM file of its key.
    pub key: PathBuf,
}

/// Settings of contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheSettings {
    /// Where they are for good; empty is in the data folder, none is no contents.
    pub store: Option<String>,
    /// Memory that copies may take.
    pub memory: Bytes,
    /// Disk that copies may take; little is none.
    pub disk: Bytes,
    /// The longest content.
    pub content_max: Bytes,
    /// Workloads that have contents, beside those of functions.
    pub workloads: Vec<String>,
    /// What is fetched before anybody asks.
    pub prefetch: Layers,
    /// What this node is called among its peers.
    pub name: String,
    /// The nodes it shares contents with; none is nobody.
    pub peers: Option<PeerSettings>,
    /// Whether calls go to the node of their workload's group that suits them best.
    pub placement: bool,
    /// Work that a processor of this node does a second, in thousandths of a usual one's.
    pub power_per_mille: u32,
    /// Bytes a second at which contents are fetched.
    pub bandwidth: Bytes,
}

/// The nodes that share contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerSettings {
    /// Where peers are listened to.
    pub listen: SocketAddr,
    /// The nodes that vote, by name, with where they are.
    pub all: Vec<(String, String)>,
    /// Where a node that is not among them is reached.
    pub advertise: Option<String>,
    /// PEM file of the authority that all trust.
    pub authority: PathBuf,
    /// PEM file of this node's certificate.
    pub certificate: PathBuf,
    /// PEM file of its key.
    pub key: PathBuf,
}

impl CacheSettings {
    /// Without contents.
    pub fn off() -> Self {
        Self {
            store: None,
            memory: Bytes::ZERO,
            disk: Bytes::ZERO,
            content_max: Bytes::ZERO,
            workloads: Vec::new(),
            prefetch: Layers::OFF,
            name: "node".to_string(),
            peers: None,
            placement: true,
            power_per_mille: 1_000,
            bandwidth: Bytes::new(12_500_000),
        }
    }
}
