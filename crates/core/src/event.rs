//! News: the only thing that enters a mind.
//!
//! Events are past. They carry what was measured (how long a start took, how long a call
//! ran) because the mind has no clock of its own to measure with.

use serde::{Deserialize, Serialize};

use crate::demand::DemandForecast;
use crate::history::History;
use crate::ids::{FunctionId, InstanceId, RequestId};
use crate::nearby::{NearId, NearNode, Request};
use crate::settings::{CloneBounds, CloningMode, CloningSettings, FunctionSettings};
use crate::time::Span;
use crate::units::Bytes;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Event {
    /// A function was deployed, or its settings changed.
    FunctionDeployed {
        /// The function.
        function: FunctionId,
        /// Its settings from now on.
        settings: Box<FunctionSettings>,
    },
    /// A function was removed; its idle instances end, its waiting requests are refused.
    FunctionRemoved {
        /// The function.
        function: FunctionId,
    },
    /// The memory for instances was changed.
    MemoryChanged {
        /// The new limit.
        memory: Bytes,
    },
    /// A request came in.
    RequestArrived {
        /// The request.
        request: RequestId,
        /// What it calls.
        function: FunctionId,
    },
    /// A waiting request was given up by its client.
    RequestCancelled {
        /// The request.
        request: RequestId,
        /// What it called.
        function: FunctionId,
    },
    /// An instance is ready for its first request.
    InstanceStarted {
        /// The instance.
        instance: InstanceId,
        /// How long the start took.
        took: Span,
    },
    /// An instance could not be started.
    StartFailed {
        /// The instance.
        instance: InstanceId,
    },
    /// A paused instance can work again.
    InstanceResumed {
        /// The instance.
        instance: InstanceId,
    },
    /// A request was answered.
    InvocationFinished {
        /// The instance that served it.
        instance: InstanceId,
        /// The request.
        request: RequestId,
        /// How long the instance worked on it.
        run: Span,
    },
    /// An instance died by itself; the requests it was serving are answered by the world.
    InstanceFailed {
        /// The instance.
        instance: InstanceId,
    },
    /// The time the site asked to be woken at has come.
    WokeUp,
    /// What an earlier run learned is handed over, once its functions are deployed again.
    HistoryRecalled {
        /// What it learned.
        history: Box<History>,
    },
    /// How clones are made ahead of demand was chosen anew; before the first of these, none
    /// are.
    CloningSet {
        /// The settings from now on.
        settings: Box<CloningSettings>,
    },
    /// Whether clones of one function are made was chosen apart from the site.
    CloningChosen {
        /// The function.
        function: FunctionId,
        /// Its own mode; `None` for that of the site.
        mode: Option<CloningMode>,
    },
    /// The same as [`Event::DemandForeseen`], as journals of the third format hold it.
    DemandForecast {
        /// What is expected.
        forecast: Box<DemandForecast>,
    },
    /// A waiting clone was probed.
    CloneProbed {
        /// The instance.
        instance: InstanceId,
        /// Whether it showed that it could serve.
        healthy: bool,
    },
    /// A forecast of demand was made. It takes the place of what was expected of the
    /// functions it speaks of; the others stay as they are.
    DemandForeseen {
        /// What is expected.
        #[serde(with = "crate::demand_packed")]
        forecast: Box<DemandForecast>,
    },
    /// Nodes nearby that make clones told how they are. They take the place of those that were
    /// known before.
    NearbyTold {
        /// The nodes.
        nodes: Vec<NearNode>,
    },
    /// Another node has no room for clones of a function and asks for some here.
    ClonesAsked {
        /// What it asks for.
        request: Request,
    },
    /// A node that was asked for clones answered, or could not be reached.
    ClonesPromised {
        /// The node.
        node: NearId,
        /// The function.
        function: FunctionId,
        /// Instances that it has or makes for it; 0 if it does not.
        count: u32,
    },
    /// What clones of one function may take was chosen apart from the site.
    ClonesBounded {
        /// The function.
        function: FunctionId,
        /// The bounds from now on.
        bounds: CloneBounds,
    },
    /// A request had no answer, since the guest failed; the instance can take another.
    InvocationFailed {
        /// The instance that worked on it.
        instance: InstanceId,
        /// The request.
        request: RequestId,
        /// How long the instance worked on it.
        run: Span,
    },
    /// A function tells of its health when it is asked, so that not only its clones are probed while
    /// they wait for their first call.
    HealthOffered {
        /// The function.
        function: FunctionId,
    },
}
