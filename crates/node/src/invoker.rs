//! Calling functions from inside the node: how the queue reaches the same path that
//! requests over HTTP take.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};

use crate::observe::function_metrics::TriggerKind;
use crate::refusal::Refusal;

/// The longest answer that is kept for somebody who is not there to read it.
pub const ANSWER_BYTES_MAX: usize = 16 << 20;

/// How long a call waited for an instance; an extension of its answer.
#[derive(Debug, Clone, Copy)]
pub struct Waited(pub Duration);

/// Whether a call has reached its function; an extension of its request. Until it has, it can
/// be given up as if it had never been made; and until its function has answered, it can be cut
/// short without the answer going anywhere.
#[derive(Debug, Clone, Default)]
pub struct Reached(Arc<Marks>);

#[derive(Debug, Default)]
struct Marks {
    reached: OnceLock<Instant>,
    is_answered: AtomicBool,
}

impl Reached {
    /// It has.
    pub fn set(&self) {
        self.0.reached.get_or_init(Instant::now);
    }

    /// Whether it has.
    pub fn get(&self) -> bool {
        self.0.reached.get().is_some()
    }

    /// For how long it has been there by now; nothing before that.
    pub fn elapsed(&self) -> Option<Duration> {
        self.0.reached.get().map(Instant::elapsed)
    }

    /// Its function has answered, and what follows from the answer is on its way.
    pub fn answer(&self) {
        self.0.is_answered.store(true, Ordering::Relaxed);
    }

    /// Whether it has.
    pub fn is_answered(&self) -> bool {
        self.0.is_answered.load(Ordering::Relaxed)
    }
}

/// A call's answer, whole.
pub type Answering<'a> =
    Pin<Box<dyn Future<Output = Result<Response<Bytes>, Refusal>> + Send + 'a>>;

/// Calls functions by name.
pub trait Invoker: Send + Sync {
    /// Calls a function and waits for the whole answer, within the function's timeout.
    /// The path and query of the request are what the function sees. An answer whose body
    /// is longer than [`ANSWER_BYTES_MAX`] is a failure.
    fn call<'a>(
        &'a self,
        function: &'a str,
        trigger: TriggerKind,
        request: Request<Bytes>,
    ) -> Answering<'a>;
}
