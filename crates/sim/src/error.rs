//! Why a run did not come to its end.

use swell_core::parameters::UnknownPolicy;
use swell_trace::error::TraceError;

use crate::bound::input::BoundError;

/// Why a run did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// The user stopped it.
    #[error("interrupted")]
    Interrupted,
    /// The policy asked for cannot be built.
    #[error(transparent)]
    Policy(#[from] UnknownPolicy),
    /// The trace cannot be read.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// The bounds cannot be computed on it.
    #[error(transparent)]
    Bound(#[from] BoundError),
    /// The settings do not go together.
    #[error("{0}")]
    Settings(String),
}
