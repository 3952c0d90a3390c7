//! Who runs a call that another node passed on: the gateway, seen from here.

use std::future::Future;
use std::pin::Pin;

use http::{Request, Response};

use swell_sandbox::body::Body;

/// An answer to come.
pub type Answering<'a> = Pin<Box<dyn Future<Output = Response<Body>> + Send + 'a>>;

/// Runs calls of functions here, wherever else they could run.
pub trait Callee: Send + Sync {
    /// Runs a call; the path of the request is what the function sees.
    fn run<'a>(&'a self, function: &'a str, request: Request<Body>) -> Answering<'a>;
}
