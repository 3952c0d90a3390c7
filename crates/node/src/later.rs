//! Calls that are left for later: what the gateway and the triggers hand over, who keeps
//! it, and what follows the end of a call.

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Request};

use swell_api::spec::Retry;

use crate::observe::function_metrics::TriggerKind;
use crate::refusal::Refusal;

/// How many calls lead to this one, each by its end: a chain that is too long is a circle.
pub const DEPTH: HeaderName = HeaderName::from_static("x-swell-depth");

/// A call that is left for later.
#[derive(Debug)]
pub struct Deferred {
    /// What is called.
    pub function: String,
    /// What calls.
    pub trigger: TriggerKind,
    /// The request as the function is to see it.
    pub request: Request<Bytes>,
    /// Where the answer is to be posted, if anywhere.
    pub callback: Option<String>,
    /// How it is tried again.
    pub retry: Retry,
    /// What makes a repetition known: of calls of one function with the same key, while the
    /// first is kept, only the first is made.
    pub key: Option<String>,
}

/// A call's id, once the call would survive a power cut.
pub type Accepting<'a> = Pin<Box<dyn Future<Output = Result<String, Refusal>> + Send + 'a>>;

/// Who keeps calls that are left for later.
pub trait Later: Send + Sync {
    /// Takes a call.
    fn accept(&self, call: Deferred) -> Accepting<'_>;
}

/// The end of a call, for those that follow it.
#[derive(Debug)]
pub struct Ended<'a> {
    /// What was called.
    pub function: &'a str,
    /// The status of the answer, or of the refusal in its place.
    pub status: u16,
    /// The answer's headers.
    pub headers: &'a HeaderMap,
    /// The answer's body.
    pub body: Bytes,
    /// How many calls led to it, each by its end.
    pub depth: u32,
}

/// Who knows which calls follow the end of another.
pub trait Followers: Send + Sync {
    /// Whether any call follows an end of a function with that status.
    fn wanted(&self, function: &str, status: u16) -> bool;

    /// The calls that follow.
    fn after(&self, ended: &Ended<'_>) -> Vec<Deferred>;
}

/// How many calls led to the one with these headers.
pub fn depth(headers: &HeaderMap) -> u32 {
    let depth = headers.get(DEPTH).and_then(|depth| depth.to_str().ok()?.parse().ok());
    depth.unwrap_or(0)
}
