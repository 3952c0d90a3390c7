//! Orders: the only thing that leaves a mind.
//!
//! Invariant: orders of one list are carried out in their order. A start that follows
//! stops uses the memory they free, so a world begins it when those stops are done.

use serde::{Deserialize, Serialize};

use crate::ids::{FunctionId, InstanceId, RequestId};
use crate::nearby::{NearId, Request};

/// Something to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Action {
    /// Start an instance.
    Start {
        /// The name it will be known by.
        instance: InstanceId,
        /// The function it serves.
        function: FunctionId,
        /// What it is started for.
        cause: StartCause,
    },
    /// End an instance and free its memory.
    Stop {
        /// The instance.
        instance: InstanceId,
        /// The function it served.
        function: FunctionId,
        /// Why it ends.
        cause: StopCause,
    },
    /// Freeze an idle instance and reduce its memory.
    Pause {
        /// The instance.
        instance: InstanceId,
    },
    /// Thaw a paused instance.
    Resume {
        /// The instance.
        instance: InstanceId,
    },
    /// Let an instance serve a request.
    Invoke {
        /// The request.
        request: RequestId,
        /// The instance.
        instance: InstanceId,
        /// How the request met it.
        start: StartKind,
    },
    /// Turn a request away.
    Refuse {
        /// The request.
        request: RequestId,
        /// Why.
        reason: RefuseReason,
    },
    /// Ask a waiting clone for a sign of life; `CloneProbed` tells what came of it.
    Probe {
        /// The instance.
        instance: InstanceId,
    },
    /// Ask a node nearby for clones that have no room here; `ClonesPromised` tells what came of
    /// it.
    AskNearby {
        /// The node.
        node: NearId,
        /// What it is asked for.
        request: Request,
    },
}

/// What an instance is started for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StartCause {
    /// A request waits for it.
    Request,
    /// The policy wants it warm before a request comes.
    Ahead,
    /// The function's floor of warm instances.
    MinWarm,
    /// A forecast says that it will be needed.
    Clone,
}

/// Why an instance ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StopCause {
    /// Its memory is needed for another instance.
    Evicted,
    /// Its lease ran out.
    Expired,
    /// The function asks for a fresh instance each time.
    RunAndExit,
    /// The function was removed or its settings changed.
    Removed,
    /// It failed.
    Failed,
    /// It was made for demand that did not come.
    Released,
    /// It gave no sign of life while it waited.
    Unhealthy,
}

/// How a request met its instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum StartKind {
    /// The instance was idle (or had room): no waiting.
    Warm,
    /// The request waited for an instance that was busy: no start on its way.
    Delayed,
    /// The request waited for a paused instance to thaw.
    Resumed,
    /// The request waited for a new instance: a cold start.
    Cold,
}

/// Why a request is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RefuseReason {
    /// No function of that id is deployed.
    UnknownFunction,
    /// No memory for another instance, and nothing may be evicted for it.
    NoMemory,
    /// The function has all the instances it is allowed.
    TooManyInstances,
    /// The function's queue is full.
    QueueFull,
    /// The request waited as long as it may.
    WaitedTooLong,
    /// The instance for it could not be started.
    StartFailed,
    /// The function was removed while the request waited.
    FunctionRemoved,
}
