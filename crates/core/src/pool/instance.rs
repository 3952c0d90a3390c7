//! One sandbox of a function, as the mind sees it.

use serde::{Deserialize, Serialize};

use crate::ids::{FunctionId, RequestId};
use crate::time::Instant;
use crate::units::Bytes;

/// What an instance is doing, and thereby what its memory is spent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum State {
    /// Being made; cannot serve yet.
    Starting,
    /// Serving at least one request.
    Busy,
    /// Warm, has served before.
    Idle,
    /// Warm, has never served: made ahead of demand.
    PreWarmed,
    /// Frozen, with less memory; serves after a thaw.
    Paused,
}

/// All states, in the order of accounts.
pub const STATES: [State; 5] =
    [State::Starting, State::Busy, State::Idle, State::PreWarmed, State::Paused];

/// Marks the end of a list of slots.
pub(crate) const NONE: u32 = u32::MAX;

/// One tenant of a slot of the pool.
#[derive(Debug, Clone)]
pub struct Instance {
    pub(crate) function: FunctionId,
    pub(crate) generation: u32,
    pub(crate) alive: bool,
    pub(crate) state: State,
    pub(crate) memory: Bytes,
    pub(crate) since: Instant,
    pub(crate) created: Instant,
    pub(crate) ready: Instant,
    pub(crate) active: u32,
    pub(crate) uses: u64,
    pub(crate) bound: Option<RequestId>,
    /// Whether the keeper knows it as idle.
    pub(crate) kept: bool,
    /// Whether it was made because a forecast spoke of it, and has served nobody yet.
    pub(crate) is_clone: bool,
    pub(crate) below: u32,
    pub(crate) above: u32,
}

impl Instance {
    /// The function it serves.
    pub fn function(&self) -> FunctionId {
        self.function
    }

    /// What it is doing.
    pub fn state(&self) -> State {
        self.state
    }

    /// The memory it holds now.
    pub fn memory(&self) -> Bytes {
        self.memory
    }

    /// Requests it serves now.
    pub fn active(&self) -> u32 {
        self.active
    }

    /// When it entered its state.
    pub fn since(&self) -> Instant {
        self.since
    }

    /// When its start was ordered.
    pub fn created(&self) -> Instant {
        self.created
    }

    /// Whether it was made because a forecast spoke of it, and has served nobody yet.
    pub fn is_clone(&self) -> bool {
        self.is_clone
    }

    /// Whether it could be ended now without hurting a request.
    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle | State::PreWarmed | State::Paused)
    }
}
