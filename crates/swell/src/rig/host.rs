//! A node in this very process, for as long as a demonstration lasts.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use swell_core::units::Bytes;
use swell_node::node::Node;
use swell_node::settings::{
    CacheSettings, FlowSettings, ForecastSettings, NodeSettings, QueueSettings,
};

use crate::error::Letter;

/// What a demonstration chooses of its node.
pub struct Choice<'a> {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Its folder.
    pub data: &'a Path,
    /// Memory of its instances.
    pub memory: Bytes,
    /// Its policy.
    pub policy: &'a str,
    /// The seed of its chance.
    pub seed: u64,
    /// How fast its time goes.
    pub speed: f64,
}

/// Brings it up.
pub async fn up(choice: &Choice<'_>) -> Result<Node, Letter> {
    let settings = NodeSettings {
        listen: choice.listen,
        tls: None,
        token: None,
        data: choice.data.to_path_buf(),
        memory: choice.memory,
        policy: choice.policy.to_string(),
        seed: choice.seed,
        speed: choice.speed,
        clones_max: None,
        requests_max: 100_000,
        journal_bytes_max: Bytes::from_mb(1_000),
        log_lines_max: 1_000,
        drain: Duration::from_secs(2),
        secrets: None,
        queue: QueueSettings {
            workers: 4,
            entries_max: 10_000,
            bytes_max: Bytes::from_mb(64),
            keep: Duration::from_secs(3_600),
            dead_max: 1_000,
            callbacks: Vec::new(),
        },
        forecast: ForecastSettings::default(),
        flow: FlowSettings {
            memory_max: Bytes::new(64 << 20),
            function_memory_max: Bytes::new(64 << 20),
            policy: "measured".to_string(),
            cores: Default::default(),
            link: None,
            nodes: Default::default(),
            socket: None,
            socket_group: false,
        },
        cache: CacheSettings::off(),
        shared_machine: true,
        otlp: None,
    };
    Node::start(settings).await.map_err(|error| Letter::failed(error.to_string()))
}

/// A runtime to run it in.
pub fn runtime() -> Result<tokio::runtime::Runtime, Letter> {
    let built = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    built.map_err(|error| Letter::failed(format!("cannot start threads: {error}")))
}
