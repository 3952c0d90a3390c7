//! Calling functions from inside the node: how the queue and the triggers reach the same
//! path that requests over HTTP take.

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use http::{Request, Response};

use crate::refusal::Refusal;

/// A call's answer, whole.
pub type Answering<'a> =
    Pin<Box<dyn Future<Output = Result<Response<Bytes>, Refusal>> + Send + 'a>>;

/// Calls functions by name.
pub trait Invoker: Send + Sync {
    /// Calls a function and waits for the whole answer, within the function's timeout.
    /// The path and query of the request are what the function sees. An answer whose body
    /// is longer than 16 MiB is a failure.
    fn call<'a>(&'a self, function: &'a str, request: Request<Bytes>) -> Answering<'a>;

    /// Whether a function of that name is deployed.
    fn knows(&self, function: &str) -> bool;
}
