//! What does a simulator need of a trace?
//!
//! A table of functions and, any number of times, the calls in order of time. A trace is
//! a handle: cloning it is free, opening it is cheap, and several threads may read it at
//! once under different seeds. Where the calls come from (a file, counts, a generator,
//! a part of another trace) stays behind the seam [`Calls`].

use std::fmt;
use std::sync::Arc;

use swell_core::ids::FunctionId;
use swell_core::time::{Instant, Span};

use crate::arrival::ArrivalStream;
use crate::durations::RunQuantiles;
use crate::error::TraceError;
use crate::placement::MINUTE_NANOS;
use crate::problems::Problems;
use crate::profile::FunctionProfile;
use crate::reading::Reading;

/// Where a trace's calls come from.
pub trait Calls: Send + Sync {
    /// Starts from the first call. The ids of the arrivals index the trace's functions.
    fn open(&self, reading: &Reading) -> Result<Box<dyn ArrivalStream>, TraceError>;

    /// Whether calls are only counted per minute, so that a reading must place them.
    fn needs_placement(&self) -> bool {
        false
    }

    /// Quantiles of a function's runs, where the trace tells them.
    fn run_quantiles(&self, _function: FunctionId) -> Option<RunQuantiles> {
        None
    }
}

/// Functions and their calls.
#[derive(Clone)]
pub struct Trace {
    parts: Arc<TraceParts>,
}

/// What a [`Trace`] is made of.
pub struct TraceParts {
    /// Its name, for reports.
    pub name: String,
    /// The functions, in the order of their ids.
    pub functions: Vec<FunctionProfile>,
    /// Calls of each function over the whole trace, where known without reading it.
    pub call_counts: Option<Vec<u64>>,
    /// The length of the trace: every call lies before its end.
    pub span: Span,
    /// What was skipped or filled in.
    pub problems: Problems,
    /// How the trace was generated, as JSON, where it was.
    pub recipe: Option<String>,
    /// Where the calls come from.
    pub calls: Box<dyn Calls>,
}

impl Trace {
    /// A trace of its parts.
    pub fn new(parts: TraceParts) -> Self {
        if let Some(counts) = &parts.call_counts {
            assert_eq!(counts.len(), parts.functions.len(), "one count per function");
        }
        Self { parts: Arc::new(parts) }
    }

    /// Its name, for reports.
    pub fn name(&self) -> &str {
        &self.parts.name
    }

    /// The functions; a [`FunctionId`] is an index into them.
    pub fn functions(&self) -> &[FunctionProfile] {
        &self.parts.functions
    }

    /// The length of the trace: every call lies before its end. A per-call trace ends
    /// with the minute of its last call.
    pub fn span(&self) -> Span {
        self.parts.span
    }

    /// Calls of each function over the whole trace, where known without reading it.
    pub fn call_counts(&self) -> Option<&[u64]> {
        self.parts.call_counts.as_deref()
    }

    /// What was skipped or filled in when the trace was opened.
    pub fn problems(&self) -> &Problems {
        &self.parts.problems
    }

    /// How the trace was generated, as JSON; `None` for a recorded trace.
    pub fn recipe(&self) -> Option<&str> {
        self.parts.recipe.as_deref()
    }

    /// Whether the trace tells when each call came, so that readings place nothing.
    pub fn is_recorded(&self) -> bool {
        !self.parts.calls.needs_placement()
    }

    /// Quantiles of a function's runs, where the trace tells them.
    pub fn run_quantiles(&self, function: FunctionId) -> Option<RunQuantiles> {
        self.parts.calls.run_quantiles(function)
    }

    /// The calls in order of time, from the first. The same reading gives the same calls.
    pub fn arrivals(&self, reading: &Reading) -> Result<Box<dyn ArrivalStream>, TraceError> {
        self.parts.calls.open(reading)
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, functions) = (self.name(), self.functions().len());
        write!(f, "Trace({name}, {functions} functions, {})", self.span())
    }
}

/// The span of a per-call trace whose last call stands at `last`: to the end of that
/// minute; nothing when there are no calls.
pub fn span_to(last: Option<Instant>) -> Span {
    let Some(last) = last else { return Span::ZERO };
    Span::from_nanos((last.nanos() / MINUTE_NANOS + 1).saturating_mul(MINUTE_NANOS))
}
