//! What the bounds are told, and what they refuse.
//!
//! A bound needs less than a simulator: the memory of an instance, the length of a start
//! and the calls; and, to compare it with a policy, what that policy dropped. The words
//! stand here, below the rooms that share them.

use serde::{Deserialize, Serialize};
use swell_core::ids::FunctionId;
use swell_core::time::{Instant, Span};
use swell_core::units::Bytes;
use swell_trace::error::TraceError;

/// What one function costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Footprint {
    /// Memory of one instance, held from the start of its start to its end.
    pub memory: Bytes,
    /// What a cold call takes beyond the run of a warm one.
    pub cold: Span,
}

/// The calls a policy dropped, as far as a bound must know them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dropped {
    pub(crate) calls: u64,
    /// Memory by run, in byte-nanoseconds: the room they did not take.
    pub(crate) room: u128,
    /// Nanoseconds of the starts they would have been, had all been cold.
    pub(crate) start_nanos: u128,
}

impl Dropped {
    /// A call of a function of this footprint, that would have run `run`, was dropped.
    pub fn add(&mut self, footprint: Footprint, run: Span) {
        self.calls += 1;
        let room = u128::from(footprint.memory.get()) * u128::from(run.nanos());
        self.room = self.room.saturating_add(room);
        self.start_nanos += u128::from(footprint.cold.nanos());
    }
}

/// Why a call was not taken.
#[derive(Debug, thiserror::Error)]
pub enum BoundError {
    /// The call names a function outside the table.
    #[error("function {} is not in the table of {known} functions", function.0)]
    UnknownFunction {
        /// The function called.
        function: FunctionId,
        /// Length of the table.
        known: usize,
    },
    /// The calls are not in order of time.
    #[error("a call at {at_ns} ns follows one at {before_ns} ns; sort the calls by time")]
    BackInTime {
        /// The late call, in nanoseconds since the start of the trace.
        at_ns: u64,
        /// The call before it.
        before_ns: u64,
    },
    /// The trace does not fit the memory allowed for knowing it.
    #[error(
        "the times of the first {calls} calls already take {limit}; \
         raise the limit, or cut or sample the trace"
    )]
    OverLimit {
        /// The limit given at construction.
        limit: Bytes,
        /// Calls recorded until then.
        calls: u64,
    },
    /// The trace itself could not be read.
    #[error(transparent)]
    Trace(Box<TraceError>),
}

impl BoundError {
    /// Refuses a function outside a table of `known`, and a step back in time.
    pub(crate) fn check(
        function: FunctionId,
        known: usize,
        at: Instant,
        before: Instant,
    ) -> Result<(), Self> {
        if function.index() >= known {
            return Err(Self::UnknownFunction { function, known });
        }
        if at < before {
            return Err(Self::BackInTime { at_ns: at.nanos(), before_ns: before.nanos() });
        }
        Ok(())
    }
}

impl From<TraceError> for BoundError {
    fn from(error: TraceError) -> Self {
        Self::Trace(Box::new(error))
    }
}
