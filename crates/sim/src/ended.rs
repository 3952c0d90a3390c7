//! What a virtual world has to tell at its end.

use swell_core::time::Instant;
use swell_trace::error::TraceError;

use crate::tally::Tally;

/// Why a run ended before its trace.
#[derive(Debug)]
pub enum Stopped {
    /// The user asked.
    Interrupted,
    /// The trace could not be read on.
    Broken(TraceError),
}

/// What a finished world has to tell.
pub struct Ended {
    /// What happened to the calls.
    pub tally: Tally,
    /// How much better than rates forecasts told steps with calls from others, at most 1.
    pub skill: Option<f64>,
    /// The time of the last news.
    pub last: Instant,
    /// Why it ended early, if it did.
    pub stopped: Option<Stopped>,
}
