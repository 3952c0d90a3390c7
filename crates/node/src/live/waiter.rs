//! Requests that wait for the mind's word, and the word when it comes.
//!
//! Invariant: a word is given under the lock of the mind, and whoever stops waiting takes
//! the same lock first. So a word is either withdrawn in time or found by the one who left,
//! and no instance is ever busy with a request that nobody owns.

use std::collections::HashMap;
use std::sync::Arc;

use swell_core::action::{RefuseReason, StartKind};
use swell_core::ids::{InstanceId, RequestId};
use swell_sandbox::backend::Instance;
use tokio::sync::oneshot;

/// What the mind said about a request.
pub(crate) enum Verdict {
    /// This instance serves it.
    Serve(Serve),
    /// It is turned away.
    Refuse(RefuseReason),
}

/// The instance that serves a request.
pub(crate) struct Serve {
    /// Its name.
    pub(crate) id: InstanceId,
    /// The sandbox.
    pub(crate) sandbox: Arc<dyn Instance>,
    /// How the request met it.
    pub(crate) start: StartKind,
}

/// All requests that wait.
#[derive(Default)]
pub(crate) struct Waiters {
    waiting: HashMap<RequestId, oneshot::Sender<Verdict>>,
}

impl Waiters {
    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// From now on the request waits.
    pub(crate) fn wait(&mut self, request: RequestId) -> oneshot::Receiver<Verdict> {
        let (tell, hear) = oneshot::channel();
        self.waiting.insert(request, tell);
        hear
    }

    /// Gives the word; hands it back if the request does not wait.
    pub(crate) fn tell(&mut self, request: RequestId, verdict: Verdict) -> Option<Verdict> {
        match self.waiting.remove(&request) {
            Some(tell) => tell.send(verdict).err(),
            None => Some(verdict),
        }
    }

    /// The request waits no longer; tells whether it did.
    pub(crate) fn leave(&mut self, request: RequestId) -> bool {
        self.waiting.remove(&request).is_some()
    }
}
