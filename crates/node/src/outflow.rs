//! Where answers go besides to their callers: into flows. What the gateway asks of whoever
//! keeps flows, and what those ask of the queue.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Request};
use tokio::time::Instant;

use swell_api::spec::Retry;
use swell_sandbox::flow::CallFlows;

use crate::inlet::Inlet;
use crate::refusal::Refusal;

/// Something under way that may be refused.
pub type Doing<'a> = Pin<Box<dyn Future<Output = Result<(), Refusal>> + Send + 'a>>;

/// An answer that becomes an item.
#[derive(Debug, Clone)]
pub struct Flowing {
    /// The function that answered.
    pub function: String,
    /// The headers of its answer.
    pub headers: HeaderMap,
    /// The body of its answer.
    pub body: Bytes,
    /// Flows that led to it.
    pub hops: u32,
    /// Until when it may wait for room; none is as long as the node is up.
    pub deadline: Option<Instant>,
}

/// A call that may use flows besides answering.
#[derive(Debug, Clone)]
pub struct Caller<'a> {
    /// The function that is called.
    pub function: &'a Arc<str>,
    /// Flows that led to the call.
    pub hops: u32,
    /// When it ends at the latest.
    pub deadline: Instant,
    /// Where it takes items from, if it is made for items.
    pub inlet: Option<&'a Inlet>,
}

/// Who keeps flows.
pub trait Outflow: Send + Sync {
    /// Whether answers of a function become items.
    fn takes(&self, function: &str) -> bool;

    /// The flows that a call may use while it runs; nothing if none names its function.
    fn of_call(&self, call: Caller<'_>) -> Option<Arc<dyn CallFlows>>;

    /// Puts an answer into all flows of its function. It is carried out to the end even if
    /// nobody waits for it any longer.
    fn put(&self, answer: Flowing) -> Doing<'_>;
}

/// A call that was given up, with the request to make it again.
#[derive(Debug)]
pub struct Grave {
    /// What was called.
    pub function: String,
    /// The request.
    pub request: Request<Bytes>,
    /// How it was tried again.
    pub retry: Retry,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it was given up.
    pub why: String,
}

/// Who keeps calls that were given up.
pub trait Graves: Send + Sync {
    /// Keeps a call that was given up; on disk when this is done.
    fn bury(&self, grave: Grave) -> Doing<'_>;
}
