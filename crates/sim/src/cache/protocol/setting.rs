//! What a run with the protocol has besides a case: how fresh reads are, who writes, and what
//! goes wrong.

use swell_core::cachegroup::level::ReadLevel;
use swell_core::cachegroup::prefetch::layers::Layers;
use swell_core::cachegroup::way::Way;
use swell_core::time::Span;

use crate::cache::protocol::tasks::Tasks;

/// The protocol's part of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Protocol {
    /// How fresh each read has to be.
    pub level: ReadLevel,
    /// How leaders help members to what they lack.
    pub way: Way,
    /// Tasks in place of single requests.
    pub tasks: Option<Tasks>,
    /// What is fetched ahead.
    pub prefetch: Layers,
    /// Share of requests that write, from 0 to 1.
    pub writes: f64,
    /// Requests of each member per second, at random moments.
    pub rate: f64,
    /// Members that crash while requests are counted, each with all it held.
    pub member_crashes: u32,
    /// Leaders that do.
    pub leader_crashes: u32,
    /// How long who crashed is away.
    pub repair: Span,
    /// How long the data store cannot be reached, in the middle of what is counted.
    pub outage: Span,
}

impl Default for Protocol {
    fn default() -> Self {
        Self {
            level: ReadLevel::Causal,
            way: Way::Relay,
            tasks: None,
            prefetch: Layers::OFF,
            writes: 0.0,
            rate: 1.0,
            member_crashes: 0,
            leader_crashes: 0,
            repair: Span::from_secs(10),
            outage: Span::ZERO,
        }
    }
}
