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
/// Which try of a call this is, from 1.
pub const ATTEMPT: HeaderName = HeaderName::from_static("x-swell-attempt");
/// The flow that the items of a call came by.
pub const FLOW: HeaderName = HeaderName::from_static("x-swell-flow");
/// An item's name: its producer and its sequence, the same however often it is given out.
pub const ITEM: HeaderName = HeaderName::from_static("x-swell-item");
/// The function whose end sets off a call.
pub const ORIGIN: HeaderName = HeaderName::from_static("x-swell-origin");
/// The status of its answer.
pub const ORIGIN_STATUS: HeaderName = HeaderName::from_static("x-swell-origin-status");
/// When a run by a schedule was to be, in RFC 3339.
pub const SCHEDULED: HeaderName = HeaderName::from_static("x-swell-scheduled-at");

/// What nodes alone tell a function of its call.
pub(crate) const TOLD: [HeaderName; 7] =
    [DEPTH, ATTEMPT, FLOW, ITEM, ORIGIN, ORIGIN_STATUS, SCHEDULED];

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

/// Takes out what nodes alone tell a function: whoever calls from outside could else pass for
/// an item of a flow, or for one that so many calls led to.
pub fn strip_told(headers: &mut HeaderMap) {
    for name in &TOLD {
        headers.remove(name);
    }
}

/// How many calls led to the one with these headers.
pub fn depth(headers: &HeaderMap) -> u32 {
    let depth = headers.get(DEPTH).and_then(|depth| depth.to_str().ok()?.parse().ok());
    depth.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn nobody_outside_says_what_nodes_say() {
        let mut headers = HeaderMap::new();
        for name in &TOLD {
            headers.append(name, HeaderValue::from_static("3"));
            headers.append(name, HeaderValue::from_static("4"));
        }
        headers.insert("accept", HeaderValue::from_static("text/plain"));
        assert_eq!(depth(&headers), 3);
        strip_told(&mut headers);
        assert_eq!(depth(&headers), 0);
        assert_eq!(headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["accept"]);
    }
}
