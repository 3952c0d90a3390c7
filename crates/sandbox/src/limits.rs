//! What a function's guests may use. Resolved values; defaults belong to those who ask.

use std::time::Duration;

/// Bounds of one instance and of each call it serves. Wall time is not among them: who
/// calls has a deadline for the whole call, and stops it by dropping it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Memory that the calls an instance serves at a time may hold together, in bytes.
    pub memory: u64,
    /// Calls an instance serves at a time; at least 1.
    pub concurrency: u32,
    /// CPU time of one call.
    pub cpu: Option<Duration>,
    /// Fuel of one call.
    pub fuel: Option<u64>,
    /// Elements that a table may have.
    pub table_elements: u32,
    /// The longest body that is buffered on the way to a guest that cannot stream.
    pub body: u64,
}

/// Whether a call finds the guest fresh or as the former call left it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// Each call gets a fresh clone, which ends with it.
    Request,
    /// A guest serves call after call, one at a time.
    Instance {
        /// Calls after which it is replaced by a fresh one.
        reuse_max: Option<u64>,
    },
}
