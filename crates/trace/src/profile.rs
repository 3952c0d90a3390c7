//! What a trace tells about a function, beside when it is called.

use serde::{Deserialize, Serialize};
use swell_core::time::Span;
use swell_core::units::Bytes;

/// One function of a trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionProfile {
    /// The function's name or hash, as the trace spells it.
    pub name: String,
    /// The application it belongs to, where the trace knows.
    pub app: Option<String>,
    /// What triggers it (`http`, `timer`, ...), where the trace knows.
    pub trigger: Option<String>,
    /// Memory of one instance.
    pub memory: Bytes,
    /// Average length of a call on a warm instance.
    pub warm: Span,
    /// Longest observed call (Azure's `Maximum`), where the trace knows.
    pub longest: Option<Span>,
    /// Measured length of a start, beyond the warm run, where the trace knows.
    pub cold: Option<Span>,
}
