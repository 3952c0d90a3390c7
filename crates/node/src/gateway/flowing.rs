//! Answers that become items of flows. The whole answer is taken in first, because its caller
//! hears whether the flow took it.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use tokio::time::Instant;

use swell_sandbox::body::{Body, full};
use swell_sandbox::flow::CallFlows;

use crate::gateway::context::Gateway;
use crate::inlet::Inlet;
use crate::invoker::ANSWER_BYTES_MAX;
use crate::later::depth;
use crate::outflow::{Caller, Flowing};
use crate::refusal::{Reason, Refusal};

/// The answer of `function`, which `hops` flows led to, once the flows that want it have it;
/// they may have it wait for room until `deadline`.
pub(crate) async fn flow(
    gateway: &Arc<Gateway>,
    function: &str,
    hops: u32,
    deadline: Instant,
    answer: Response<Body>,
) -> Result<Response<Body>, Refusal> {
    if !is_item(answer.status()) || !gateway.flows.takes(function) {
        return Ok(answer);
    }
    let answer = whole(function, answer).await?;
    gateway.flows.put(item(function, hops, Some(deadline), &answer)).await?;
    Ok(answer.map(full))
}

/// The same for a call from inside the node. There is nobody to tell that a flow is full:
/// where it does not wait, the item is gone, and counted.
pub(crate) async fn flow_inside(
    gateway: &Arc<Gateway>,
    function: &str,
    hops: u32,
    answer: &Response<Bytes>,
) -> Result<(), Refusal> {
    if !is_item(answer.status()) || !gateway.flows.takes(function) {
        return Ok(());
    }
    match gateway.flows.put(item(function, hops, None, answer)).await {
        // Made again later, the call has another chance to be passed on.
        Err(refusal)
            if matches!(
                refusal.reason,
                Reason::Stopping | Reason::NotReady | Reason::Storage | Reason::Undecided
            ) =>
        {
            Err(refusal)
        }
        Err(refusal) => {
            tracing::warn!(%function, why = %refusal.title, "an answer is not in all flows");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// The flows that a call of `function` may use while it runs.
pub(crate) fn call_flows<B>(
    gateway: &Gateway,
    function: &Arc<str>,
    request: &Request<B>,
    deadline: Instant,
) -> Option<Arc<dyn CallFlows>> {
    let (hops, inlet) = (depth(request.headers()), request.extensions().get::<Inlet>());
    gateway.flows.of_call(Caller { function, hops, deadline, inlet })
}

/// Whether an answer with that status is an item. `204 No Content` has nothing to pass on.
fn is_item(status: StatusCode) -> bool {
    status.is_success() && status != StatusCode::NO_CONTENT
}

fn item(function: &str, hops: u32, deadline: Option<Instant>, answer: &Response<Bytes>) -> Flowing {
    let (headers, body) = (answer.headers().clone(), answer.body().clone());
    Flowing { function: function.to_string(), headers, body, hops, deadline }
}

/// An answer with all of its body.
pub(crate) async fn whole(
    function: &str,
    answer: Response<Body>,
) -> Result<Response<Bytes>, Refusal> {
    let (parts, mut body) = answer.into_parts();
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            let title = format!("the answer of `{function}` broke off: {error}");
            Refusal::new(Reason::BadAnswer, title)
        })?;
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > ANSWER_BYTES_MAX {
            let title = format!("`{function}` answered with more than {ANSWER_BYTES_MAX} bytes");
            return Err(Refusal::new(Reason::BadAnswer, title)
                .hint("let it answer with a reference instead"));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(Response::from_parts(parts, bytes.freeze()))
}
