//! Asynchronous calls: what waits, what came of it, and what was given up.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The answer to a call of `/async-function/NAME`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Accepted {
    /// The call.
    pub id: String,
    /// Where its result will be.
    pub url: String,
}

/// An asynchronous call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Invocation {
    /// The call; unchanged over all tries, so that a function can tell a repetition.
    pub id: String,
    /// What it calls.
    pub function: String,
    /// Where it stands.
    pub state: InvocationState,
    /// Tries so far.
    pub attempts: u32,
    /// When it was accepted, in milliseconds since 1970.
    pub accepted_at_ms: u64,
    /// When it is tried next, if it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at_ms: Option<u64>,
    /// Status of the last answer, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why the last try failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What called: `http`, `cron`, `mqtt`, `event` or `function`.
    pub trigger: String,
}

/// Where an asynchronous call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum InvocationState {
    /// It waits for its turn.
    Queued,
    /// It is being tried.
    Running,
    /// It was answered with a status below 500.
    Done,
    /// It was given up; it can be replayed.
    Dead,
}
