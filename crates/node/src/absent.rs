//! What a node answers for parts it runs without: that they are not there.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use tokio::sync::Notify;

use swell_api::invocation::{Invocation, InvocationState};
use swell_api::log::LogLine;

use crate::api::context::{Events, LogSource, Publishing, Queued};
use crate::gateway::context::{Deferred, Doing, Later};
use crate::gateway::own::Health;
use crate::refusal::{Reason, Refusal};

/// Nothing is there.
#[derive(Default)]
pub struct Absent {
    changed: Arc<Notify>,
}

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

impl LogSource for Absent {
    fn since(&self, _number: u64, _function: Option<&str>, _limit: usize) -> Vec<LogLine> {
        Vec::new()
    }

    fn changed(&self) -> Arc<Notify> {
        self.changed.clone()
    }
}

impl Health for Absent {
    fn unready(&self) -> Option<String> {
        None
    }

    fn metrics(&self) -> String {
        "# EOF\n".to_string()
    }
}
