//! What a node answers for parts it runs without: that they are not there.

use bytes::Bytes;
use http::{Request, Response};

use swell_api::invocation::{Invocation, InvocationState};

use crate::api::context::{Events, Publishing, Queued};
use crate::gateway::context::{Deferred, Doing, Later};
use crate::refusal::{Reason, Refusal};

/// Nothing is there.
pub struct Absent;

fn no_queue() -> Refusal {
    Refusal::new(Reason::Unsupported, "this node keeps no calls for later")
}

impl Later for Absent {
    fn accept(&self, _call: Deferred) -> Doing<'_, Result<String, Refusal>> {
        Box::pin(std::future::ready(Err(no_queue())))
    }
}

impl Queued for Absent {
    fn list(
        &self,
        _state: Option<InvocationState>,
        _function: Option<&str>,
        _limit: usize,
    ) -> Result<Vec<Invocation>, Refusal> {
        Ok(Vec::new())
    }

    fn get(&self, _id: &str) -> Result<Option<Invocation>, Refusal> {
        Ok(None)
    }

    fn result(&self, _id: &str) -> Result<Option<Response<Bytes>>, Refusal> {
        Ok(None)
    }

    fn replay(&self, _id: &str) -> Result<Option<Invocation>, Refusal> {
        Ok(None)
    }

    fn discard(&self, _id: &str) -> Result<bool, Refusal> {
        Ok(false)
    }
}

impl Events for Absent {
    fn publish(&self, _request: Request<Bytes>) -> Publishing<'_> {
        Box::pin(std::future::ready(Err(no_queue())))
    }
}
