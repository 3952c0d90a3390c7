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

/// Memory of a function whose trace does not tell: half of the applications of Azure
/// 2019 allocate no more (Shahrad et al., "Serverless in the Wild", USENIX ATC 2020).
pub const MEMORY_DEFAULT: Bytes = Bytes::from_mb(170);

/// Run time of a function whose trace does not tell: half of the functions of Azure 2019
/// take less on average (same source).
pub const WARM_DEFAULT: Span = Span::from_secs(1);

/// Most functions in one trace; more is a broken file.
pub const FUNCTIONS_MAX: usize = 10_000_000;
