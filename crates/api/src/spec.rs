//! What is deployed: everything a node must know of one version of a function.
//!
//! Amounts are integers with their unit in the name; forms for people, such as `64MiB`
//! or `30s`, belong to manifests and flags. What is left out has the default that stands
//! here, so a client and a node never disagree about it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::trigger::Trigger;

/// One version of a function, as it is deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FunctionSpec {
    /// 1 to 63 of `a-z`, `0-9` and `-`, beginning with a letter and not ending with `-`.
    pub name: String,
    /// What makes its instances.
    #[serde(default)]
    pub backend: BackendName,
    /// Digest of the code, `sha256:` and 64 hexadecimal digits; uploaded before with
    /// `POST /v1/code`. Empty for the backend `modelled`.
    #[serde(default)]
    pub code: String,
    /// Durations that the backend `modelled` pretends; left out for others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Model>,
    /// Memory of one instance, used together by the requests it serves at a time.
    #[serde(default = "default_memory_bytes")]
    pub memory_bytes: u64,
    /// Requests that one instance serves at a time.
    #[serde(default = "default_concurrency")]
    pub concurrency: u32,
    /// How long a request may take in all: waiting, starting, running, answering.
    #[serde(default = "default_timeout_ms")]
    pub timeout_ms: u64,
    /// Whether a request finds the guest fresh or as the former request left it.
    #[serde(default)]
    pub isolation: Isolation,
    /// Requests after which a reused guest is replaced by a fresh one; 0 is never.
    #[serde(default)]
    pub reuse_max: u64,
    /// Instances kept at all times.
    #[serde(default)]
    pub min_warm: u32,
    /// Instances allowed at a time; left out is as many as fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_instances: Option<u32>,
    /// An idle instance never outlives this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_idle_ms: Option<u64>,
    /// Instances are never evicted nor expired.
    #[serde(default)]
    pub pinned: bool,
    /// Requests that may wait for an instance at a time; one more is answered with 429.
    #[serde(default = "default_queue_max")]
    pub queue_max: u32,
    /// The longest request body; a longer one is answered with 413.
    #[serde(default = "default_body_bytes_max")]
    pub body_bytes_max: u64,
    /// CPU time of one request; left out is what the timeout allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_ms_max: Option<u64>,
    /// Fuel of one request (about one unit per WebAssembly instruction), a bound that is
    /// the same on every machine; costs some speed. Left out is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fuel_max: Option<u64>,
    /// Environment variables of the guest.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// Secrets of the node that the guest sees as environment variables: the variable, and
    /// the name of the secret.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, String>,
    /// Folders of the node that the guest sees, read only: path in the guest, path here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
    /// Where the guest may send requests: `host`, `host:port`, `*.host`, or `*` for anywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outbound: Vec<String>,
    /// Names of the key-value stores that the guest may open; `name=content:workload` is the
    /// contents of a workload, which every node of its cache group has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key_value: Vec<String>,
    /// Hosts and paths at which the function answers besides `/function/NAME`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<Route>,
    /// What calls it besides people and programs over HTTP.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub triggers: Vec<Trigger>,
    /// How asynchronous calls are tried again.
    #[serde(default)]
    pub retry: Retry,
    /// Whether it is forecast, and what comes of that; left out is as the node does with all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forecast: Option<ForecastMode>,
    /// Length of a step in which its forecasts are shown, in milliseconds: whole steps of the
    /// node's; left out is a step of the node's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forecast_step_ms: Option<u64>,
    /// How far ahead clones of it may be wished for and its forecasts are shown, in milliseconds, as
    /// far as the node forecasts; left out is that far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forecast_horizon_ms: Option<u64>,
    /// What its clones may hold together while they wait, in bytes, within what all clones of the
    /// node may; left out is no bound of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clone_memory_bytes: Option<u64>,
    /// Clones of it made in a second, at most, within what the node makes; left out is no bound of
    /// its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clone_starts_max: Option<u32>,
    /// The class of similar functions it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload: Option<String>,
    /// Contents of its workload that each of its calls reads: they are fetched while an instance
    /// starts, if they are not on the node. What its last calls read is known without.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<String>,
    /// Words of the owner. Two are heeded: `criticality` by sites, and `health`, the path that answers
    /// with 2xx or 3xx while the function is well, by sites and for clones that wait.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

impl FunctionSpec {
    /// A function with all defaults.
    pub fn plain(name: impl Into<String>, backend: BackendName) -> Self {
        Self {
            name: name.into(),
            backend,
            code: String::new(),
            model: None,
            memory_bytes: default_memory_bytes(),
            concurrency: default_concurrency(),
            timeout_ms: default_timeout_ms(),
            isolation: Isolation::default(),
            reuse_max: 0,
            min_warm: 0,
            max_instances: None,
            max_idle_ms: None,
            pinned: false,
            queue_max: default_queue_max(),
            body_bytes_max: default_body_bytes_max(),
            cpu_ms_max: None,
            fuel_max: None,
            environment: BTreeMap::new(),
            secrets: BTreeMap::new(),
            files: BTreeMap::new(),
            outbound: Vec::new(),
            key_value: Vec::new(),
            routes: Vec::new(),
            triggers: Vec::new(),
            retry: Retry::default(),
            forecast: None,
            forecast_step_ms: None,
            forecast_horizon_ms: None,
            clone_memory_bytes: None,
            clone_starts_max: None,
            workload: None,
            inputs: Vec::new(),
            labels: BTreeMap::new(),
        }
    }
}

fn default_memory_bytes() -> u64 {
    64 << 20
}

fn default_concurrency() -> u32 {
    1
}

fn default_timeout_ms() -> u64 {
    30_000
}

fn default_queue_max() -> u32 {
    1_000
}

fn default_body_bytes_max() -> u64 {
    16 << 20
}

/// What makes instances.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum BackendName {
    /// WebAssembly: `wasi:http` components and WASI command modules.
    #[default]
    Wasm,
    /// Nothing runs; durations are pretended, for tests and demos.
    Modelled,
}

/// Whether a request finds the guest fresh or as the former request left it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Isolation {
    /// Each request gets a fresh clone, which ends with it.
    #[default]
    Request,
    /// The guest serves request after request, one at a time.
    Instance,
}

/// What comes of forecasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ForecastMode {
    /// There are none.
    #[default]
    Off,
    /// They are made, and it is told what clones by them would have saved and cost.
    Shadow,
    /// Clones are made by them.
    On,
}

impl ForecastMode {
    /// All.
    pub const ALL: [Self; 3] = [Self::Off, Self::Shadow, Self::On];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Shadow => "shadow",
            Self::On => "on",
        }
    }
}

/// Durations that the backend `modelled` pretends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// How long a start takes.
    pub start_us: u64,
    /// How long a request runs, unless it says so itself in the header `swell-run-us`.
    pub run_us: u64,
}

/// A host and a path at which a function answers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The host as the client names it, without port; `*.` at its beginning stands for any
    /// labels. Left out is every host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The path and all below it; the longest match wins.
    #[serde(default = "default_path")]
    pub path: String,
}

fn default_path() -> String {
    "/".to_string()
}

/// How asynchronous calls are tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Retry {
    /// Tries in all; at least 1.
    pub attempts_max: u32,
    /// Pause before the second try; doubled before each further one, and varied by chance.
    pub backoff_ms: u64,
    /// The longest pause.
    pub backoff_ms_max: u64,
}

impl Default for Retry {
    fn default() -> Self {
        Self { attempts_max: 5, backoff_ms: 1_000, backoff_ms_max: 300_000 }
    }
}
