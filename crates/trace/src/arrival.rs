//! The one shape every trace is brought into: calls in order of time.
//!
//! Arrivals come in chunks rather than one by one, so that a reader's inner loop stays
//! its own (a minute of counts is placed and sorted at once) and a simulator pays one
//! virtual call per few thousand arrivals. A stream holds a chunk, never the trace.

use swell_core::ids::FunctionId;
use swell_core::time::{Instant, Span};

use crate::error::TraceError;

/// One call of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// When the call arrives, counted from the start of the trace.
    pub at: Instant,
    /// Which function is called: an index into the trace's table of profiles.
    pub function: FunctionId,
    /// How long the call runs on a warm instance.
    pub run: Span,
}

/// Calls in order of time, a chunk at a time.
pub trait ArrivalStream: Send {
    /// Replaces the content of `chunk` with the next arrivals; an empty chunk is the end.
    ///
    /// Invariant: `at` never decreases, within a chunk and from one chunk to the next.
    fn fill(&mut self, chunk: &mut Vec<Arrival>) -> Result<(), TraceError>;
}
