//! The seam: code becomes a template, a template becomes instances, an instance answers.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::Response;

use crate::body::Body;
use crate::call::{Call, CallError};
use crate::code::Code;

/// A future behind the seam.
pub type Doing<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What makes instances.
pub trait Backend: Send + Sync {
    /// Its name, as people choose it.
    fn name(&self) -> &'static str;

    /// In one sentence, how it makes instances on this machine and why so.
    fn describe(&self) -> String;

    /// Makes code ready to start: checks it, compiles it or finds it compiled. May take
    /// long and needs no instance.
    fn prepare(&self, code: Code) -> Doing<'_, Result<Arc<dyn Template>, PrepareError>>;
}

/// Code that is ready to start.
pub trait Template: Send + Sync {
    /// Makes an instance that can serve at once. What it holds is given back when the
    /// last reference to it is dropped.
    fn start(&self) -> Doing<'_, Result<Arc<dyn Instance>, StartError>>;

    /// What was measured of it.
    fn costs(&self) -> Costs;

    /// Processor time that its instances took since it was made: their starts, and calls of them
    /// as far as they have come.
    fn processor_time(&self) -> Duration;

    /// Memory that guests of its instances hold now, in bytes, where the backend can tell; each of
    /// those instances may hold the limit of its code.
    fn guest_memory(&self) -> Option<u64>;
}

/// A sandbox of a function.
pub trait Instance: Send + Sync {
    /// Serves a call. The future yields when the head of the answer is there; the body
    /// may stream on. Dropping the future or the body stops the guest. The caller keeps
    /// to the concurrency of the code.
    fn invoke(self: Arc<Self>, call: Call) -> Doing<'static, Result<Response<Body>, CallError>>;

    /// Looks whether an instance that waits could serve, as cheaply as that can be told, and
    /// says what is wrong if it could not. Runs nothing of the guest's that a call would not
    /// run, and leaves it as ready as it was.
    fn probe(self: Arc<Self>) -> Doing<'static, Result<(), String>>;
}

/// What clones of a template cost on this machine, as measured; zero before the first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Costs {
    /// Making a template's code ready to clone: from disk into memory.
    pub load: Duration,
    /// Making one clone.
    pub clone: Duration,
    /// Memory that one idle clone holds for itself, in bytes.
    pub clone_memory: u64,
}

/// Why code cannot be made ready.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrepareError {
    /// It is not what the backend runs; the text says what it is, and what it may be.
    #[error("{0}")]
    NotCode(String),
    /// It is, but wants what this node does not give.
    #[error("{0}")]
    Unsupported(String),
    /// The machine failed, not the code.
    #[error("{0}")]
    Machine(String),
}

/// Why an instance could not be started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// The guest failed while it began; it will fail again.
    #[error("{0}")]
    Guest(String),
    /// The machine has no room or failed; it may work later.
    #[error("{0}")]
    Machine(String),
}
