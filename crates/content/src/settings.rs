//! What a node of cache groups is told before it starts: resolved values.

use std::path::PathBuf;
use std::time::Duration;

use swell_core::cachegroup::prefetch::prefetcher::Terms;
use swell_core::cachegroup::timing::Timing;

use crate::copies::CopiesSettings;
use crate::objects::open::Place;

/// Settings of contents.
#[derive(Debug, Clone, PartialEq)]
pub struct ContentSettings {
    /// The folder that holds what the node must not forget.
    pub data: PathBuf,
    /// Where the data store is.
    pub store: Place,
    /// How much copies may take.
    pub copies: CopiesSettings,
    /// The longest body, in bytes.
    pub body_bytes_max: u64,
    /// How long a caller waits at most.
    pub wait_max: Duration,
    /// How long the bytes of a version are kept after another has followed it, for those who
    /// are still fetching them.
    pub superseded_keep: Duration,
    /// Workloads that have contents, beside those of functions.
    pub workloads: Vec<String>,
    /// How long the parties of a group wait for each other.
    pub timing: Timing,
    /// What is fetched before anybody asks.
    pub prefetch: Terms,
}

impl ContentSettings {
    /// As usual, with everything in one folder.
    pub fn in_folder(data: &std::path::Path) -> Self {
        Self {
            data: data.to_path_buf(),
            store: Place::Folder(data.join("contents")),
            copies: CopiesSettings { memory: 64 << 20, disk: Some((data.join("copies"), 1 << 30)) },
            body_bytes_max: 16 << 20,
            wait_max: Duration::from_secs(15),
            superseded_keep: Duration::from_secs(60),
            workloads: Vec::new(),
            timing: Timing::default(),
            prefetch: Terms::default(),
        }
    }
}
