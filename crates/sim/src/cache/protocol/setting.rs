//! What a run with the protocol has besides a case: how fresh reads are, who writes, and what
//! goes wrong.

use swell_core::cachegroup::level::ReadLevel;
use swell_core::time::Span;

/// The protocol's part of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Protocol {
    /// How fresh each read has to be.
    pub level: ReadLevel,
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
            writes: 0.0,
            rate: 1.0,
            member_crashes: 0,
            leader_crashes: 0,
            repair: Span::from_secs(10),
            outage: Span::ZERO,
        }
    }
}
