//! What a node is told before it starts: resolved values. Files, environment and flags
//! are read and merged by the program, which owns the defaults.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

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
