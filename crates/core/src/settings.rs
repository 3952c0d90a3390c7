//! What the mind is told before it starts: resolved values, no defaults to look up.
//!
//! Files, environment and flags are read and merged elsewhere; what arrives here is
//! complete. Function settings come with the event that deploys the function, so a
//! journal holds everything a fresh mind needs.

use serde::{Deserialize, Serialize};

use crate::time::Span;
use crate::units::Bytes;

/// The most memory that any setting may speak of: far beyond every machine, and so far
/// below the end of the integers that sums of it never get there.
pub const MEMORY_MAX: Bytes = Bytes::new(1 << 60);

/// The most instances that a function may ask to have at all times. They are started by
/// one event, so this bounds what one event can cause.
pub const MIN_WARM_MAX: u32 = 100_000;

/// The shortest step in which calls are counted and forecast.
pub const STEP_LEAST: Span = Span::from_secs(1);

/// Settings of one site.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SiteSettings {
    /// Memory that instances may hold together.
    pub memory: Bytes,
    /// Seed of all chance in this site.
    pub seed: u64,
    /// The keep-alive policy: a name of the catalogue, with parameters.
    pub policy: String,
}

/// What forecasts of demand may do.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub enum CloningMode {
    /// Nothing: they are not even looked at.
    #[default]
    Off,
    /// It is written down what clones would have been made, and what they would have saved
    /// and cost. No instance is made nor kept for it.
    Shadow,
    /// Clones are made ahead of demand.
    On,
}

/// How clones are made ahead of demand.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CloningSettings {
    /// What forecasts may do, where a function has not chosen for itself.
    pub mode: CloningMode,
    /// The policy that decides how many clones of what: a name of `cloning::catalog`, with
    /// parameters.
    pub policy: String,
    /// Of the memory for instances, what waiting clones may hold together, in thousandths.
    pub share: u16,
    /// Clones begun in a second, at most; 0 for no bound.
    pub starts_per_second: u32,
    /// In which steps arrivals are counted; forecasts may come in others.
    pub step: Span,
    /// How often a waiting clone is probed; `FOREVER` for never.
    pub probe_every: Span,
}

/// What clones of one function may take, within what all may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct CloneBounds {
    /// What its waiting clones may hold together.
    pub memory: Option<Bytes>,
    /// Clones of it begun in a second, at most.
    pub starts_per_second: Option<u32>,
}

impl Default for CloningSettings {
    /// No cloning; and what holds where only the mode is chosen.
    fn default() -> Self {
        Self {
            mode: CloningMode::Off,
            policy: "expected-cost".to_string(),
            share: 500,
            starts_per_second: 50,
            step: Span::from_mins(5),
            probe_every: Span::from_secs(30),
        }
    }
}

/// What happens to a request that finds no instance ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Dispatch {
    /// Start an instance for this very request, or refuse it at once if there is no
    /// memory. What the published keep-alive simulators do.
    StartOrRefuse,
    /// Join the function's queue. A start is ordered only if the queue is not expected to
    /// be served sooner by instances that are busy or starting; whichever comes first
    /// takes the head of the queue. Without memory the request waits, within bounds.
    Wait(WaitLimits),
}

/// Bounds of a function's queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct WaitLimits {
    /// A request that waited so long is refused.
    pub longest: Span,
    /// Requests of one function that may wait at a time.
    pub queue: u32,
}

/// Settings of one function.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FunctionSettings {
    /// Memory of one instance while it starts, works or idles.
    pub memory: Bytes,
    /// Memory of one paused instance.
    pub paused_memory: Bytes,
    /// Pause an instance that has been idle so long, instead of holding all its memory.
    pub pause_after: Option<Span>,
    /// Requests one instance serves at a time; at least 1.
    pub concurrency: u32,
    /// Instances kept at all times, whatever the policy thinks.
    pub min_warm: u32,
    /// Instances allowed at a time.
    pub max_instances: u32,
    /// An idle instance never outlives this, whatever the policy thinks.
    pub max_idle: Option<Span>,
    /// Instances are never evicted nor expired.
    pub pinned: bool,
    /// Every instance ends with its first idle moment.
    pub run_and_exit: bool,
    /// How long a start is believed to take before one was measured.
    pub start_hint: Span,
}

impl FunctionSettings {
    /// A function with the given memory and no overrides.
    pub fn plain(memory: Bytes) -> Self {
        Self {
            memory,
            paused_memory: memory,
            pause_after: None,
            concurrency: 1,
            min_warm: 0,
            max_instances: u32::MAX,
            max_idle: None,
            pinned: false,
            run_and_exit: false,
            start_hint: Span::from_secs(1),
        }
    }
}
