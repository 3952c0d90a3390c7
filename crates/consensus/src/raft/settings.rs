//! What a log is told when it starts.

use std::sync::Arc;
use std::time::Duration;

use openraft::{Config, SnapshotPolicy};
use swell_core::council::rules::Rules;

use crate::log::LogError;

/// What a log is told when it starts.
#[derive(Debug, Clone)]
pub struct Settings {
    /// By what rules the council decides until it adopts others. The same at every site.
    pub rules: Rules,
    /// How often the leader shows that it is there.
    pub heartbeat: Duration,
    /// After so long without a leader a site may stand for election, at the earliest.
    pub election_min: Duration,
    /// And at the latest; chance decides between the two.
    pub election_max: Duration,
    /// After so many entries a snapshot is taken.
    pub snapshot_every: u64,
    /// So many entries are kept though a snapshot stands for them, for sites that are a little
    /// behind.
    pub keep: u64,
    /// A site leads at least so long before it hands over to one that predicts better.
    pub tenure: Duration,
}

impl Default for Settings {
    /// For sites that are tens of milliseconds apart.
    fn default() -> Self {
        Self {
            rules: Rules::default(),
            heartbeat: Duration::from_millis(250),
            election_min: Duration::from_millis(1_500),
            election_max: Duration::from_millis(3_000),
            snapshot_every: 2_000,
            keep: 500,
            tenure: Duration::from_secs(600),
        }
    }
}

impl Settings {
    /// As openraft wants it: pre-votes on, one voice per site, no leadership that comes back by
    /// itself after a start.
    pub(crate) fn config(&self) -> Result<Arc<Config>, LogError> {
        let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        let config = Config {
            cluster_name: "council".to_owned(),
            heartbeat_interval: millis(self.heartbeat),
            election_timeout_min: millis(self.election_min),
            election_timeout_max: millis(self.election_max),
            install_snapshot_timeout: millis(self.election_max).saturating_mul(5),
            max_payload_entries: 64,
            max_append_entries: Some(256),
            snapshot_policy: SnapshotPolicy::LogsSinceLast(self.snapshot_every),
            max_in_snapshot_log_to_keep: self.keep,
            replication_lag_threshold: self.keep.max(1),
            enable_pre_vote: Some(true),
            enable_leader_restore: Some(false),
            // A site that lost its log keeps itself out; one that got by with an old copy must
            // not take the leader down with it. It gets what it lost, and is told of.
            allow_log_reversion: Some(true),
            backoff: format!("{}ms", millis(self.heartbeat)),
            ..Config::default()
        };
        let why =
            |error| LogError::Refused(format!("these settings of the log do not fit: {error}"));
        config.validate().map(Arc::new).map_err(why)
    }
}
