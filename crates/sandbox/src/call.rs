//! One request on its way through an instance, and how it ends.
//!
//! Invariant: every call ends exactly once. The end comes when the guest is done with the
//! call for good, which may be long after its answer began to stream, and it comes also
//! when the caller drops the answer or the call itself.

use std::sync::Arc;
use std::time::Duration;

use http::Request;

use crate::body::Body;
use crate::flow::CallFlows;
use crate::log::LogSink;

/// A request for an instance.
pub struct Call {
    /// The request. Its path and query are what the function is to see; its `host` header
    /// is set.
    pub request: Request<Body>,
    /// Takes what the guest writes.
    pub log: Arc<dyn LogSink>,
    /// Flows that the guest may use; none where no flow names its function.
    pub flows: Option<Arc<dyn CallFlows>>,
    /// Hears of the end.
    pub end: EndSignal,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// What became of it.
    pub outcome: Outcome,
    /// Whether the instance died of it: it must not be given another call.
    pub instance_lost: bool,
    /// Memory the guest held at most, in bytes, where the backend can tell.
    pub memory: Option<u64>,
}

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The guest answered to the end.
    Answered,
    /// It did not, or not to the end.
    Failed,
    /// The caller went away before the guest was done; the guest was stopped.
    Cancelled,
}

/// Tells the end of a call, once: when told to, or by being dropped.
pub struct EndSignal {
    hear: Option<Box<dyn FnOnce(End) + Send>>,
}

impl EndSignal {
    /// A signal that calls `hear`.
    pub fn new(hear: impl FnOnce(End) + Send + 'static) -> Self {
        Self { hear: Some(Box::new(hear)) }
    }

    /// Nobody wants to hear.
    pub fn unheard() -> Self {
        Self { hear: None }
    }

    /// The call ended like this.
    pub fn tell(mut self, end: End) {
        if let Some(hear) = self.hear.take() {
            hear(end);
        }
    }
}

impl Drop for EndSignal {
    fn drop(&mut self) {
        if let Some(hear) = self.hear.take() {
            hear(End { outcome: Outcome::Cancelled, instance_lost: false, memory: None });
        }
    }
}

/// Why a call got no answer, by what its caller can do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The guest trapped: its own fault. The text is the trap and where it happened.
    #[error("the function trapped: {0}")]
    Trapped(String),
    /// The guest wanted more memory than it may have.
    #[error("the function ran out of its {limit} bytes of memory")]
    OutOfMemory {
        /// What it may have.
        limit: u64,
    },
    /// The guest used up its CPU time.
    #[error("the function used more than its {} ms of CPU time", limit.as_millis())]
    OutOfCpu {
        /// What it may use.
        limit: Duration,
    },
    /// The guest used up its fuel.
    #[error("the function used more than its {limit} units of fuel")]
    OutOfFuel {
        /// What it may use.
        limit: u64,
    },
    /// The guest ended without an answer, or with one that makes no sense.
    #[error("the function gave no answer: {0}")]
    NoAnswer(String),
    /// The request is longer than a guest that cannot stream may be given.
    #[error("the request is longer than {limit} bytes")]
    TooLarge {
        /// What is allowed.
        limit: u64,
    },
    /// The caller's own body broke off.
    #[error("the request broke off: {0}")]
    Request(String),
    /// The backend could not do its part; a second try may work.
    #[error("the instance could not serve: {0}")]
    Backend(String),
}
