//! What is a pattern of calls?
//!
//! One function's calls, one after the other, from dice of its own. A generated trace is
//! a heap of patterns, so a pattern keeps a few numbers and no past.

use swell_core::rng::{Rng, unit};
use swell_core::time::{Instant, Span};

/// The calls of one function in order of time, without end.
pub trait Pattern: Send {
    /// The next call, never earlier than the one before.
    fn next(&mut self, rng: &mut Rng) -> Instant;
}

/// Time until the next of events that come at a constant rate, `mean` apart on average.
pub fn exponential(rng: &mut Rng, mean: Span) -> Span {
    // One minus a number below one is above zero, and has a logarithm.
    Span::from_secs_f64(-(1.0 - unit(rng)).ln() * mean.secs_f64())
}

/// A uniform span below `bound`.
pub fn uniform(rng: &mut Rng, bound: Span) -> Span {
    Span::from_nanos((unit(rng) * bound.nanos() as f64) as u64)
}
