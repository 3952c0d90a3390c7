//! Where what guests write goes.

use std::sync::Arc;

/// One of the two streams a guest may write to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Takes what the guest of one call writes. Never blocks and never fails: a sink that is
/// full forgets.
pub trait LogSink: Send + Sync {
    /// The guest wrote these bytes; not necessarily whole lines.
    fn write(&self, stream: Stream, bytes: &[u8]);
}

/// Forgets everything.
pub struct Silence;

impl Silence {
    /// The one there is.
    pub fn shared() -> Arc<dyn LogSink> {
        Arc::new(Self)
    }
}

impl LogSink for Silence {
    fn write(&self, _stream: Stream, _bytes: &[u8]) {}
}
