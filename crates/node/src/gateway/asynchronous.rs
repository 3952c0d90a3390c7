//! Calls that are left for later: taken into the queue, answered with where the result
//! will be.

use std::sync::Arc;

use http::header::{HeaderValue, LOCATION};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming as Arriving;

use swell_api::invocation::Accepted;
use swell_sandbox::body::Body;

use crate::gateway::answer::{json, problem};
use crate::gateway::call::below;
use crate::gateway::context::Gateway;
use crate::gateway::headers::{CALLBACK, IDEMPOTENCY_KEY, strip_hop_by_hop};
use crate::gateway::limited::{Limited, TooLong};
use crate::later::Deferred;
use crate::observe::function_metrics::TriggerKind;
use crate::refusal::{Reason, Refusal};
use crate::registry::Function;

/// The longest body that is kept for later, whatever the function takes.
const BODY_BYTES_MAX: u64 = 16 << 20;

/// Takes a call into the queue.
pub(crate) async fn accept(
    gateway: &Arc<Gateway>,
    function: Result<Arc<Function>, Refusal>,
    request: Request<Arriving>,
    prefix: usize,
) -> Response<Body> {
    let accepted = match function {
        Ok(function) => enqueue(gateway, &function, request, prefix).await,
        Err(refusal) => Err(refusal),
    };
    match accepted {
        Ok(accepted) => {
            let mut response = json(StatusCode::ACCEPTED, &accepted);
            if let Ok(url) = HeaderValue::from_str(&accepted.url) {
                response.headers_mut().insert(LOCATION, url);
            }
            response
        }
        Err(refusal) => problem(&refusal, None),
    }
}

async fn enqueue(
    gateway: &Arc<Gateway>,
    function: &Function,
    request: Request<Arriving>,
    prefix: usize,
) -> Result<Accepted, Refusal> {
    let name = &function.name;
    let spec = &function.newest().spec;
    let limit = spec.body_bytes_max.min(BODY_BYTES_MAX);
    let (mut parts, body) = request.into_parts();
    parts.uri = below(&parts.uri, prefix);
    let callback = parts.headers.remove(CALLBACK);
    let callback = match callback.map(|value| value.to_str().map(str::to_string)) {
        None => None,
        Some(Ok(url)) => Some(url),
        Some(Err(_)) => {
            let title = "the header `x-callback-url` is not a URL";
            return Err(Refusal::new(Reason::BadRequest, title));
        }
    };
    strip_hop_by_hop(&mut parts.headers);
    let body = Limited::new(body, limit).collect().await.map_err(|error| {
        if error.downcast_ref::<TooLong>().is_some() {
            Refusal::new(Reason::TooLarge, format!("a call of `{name}` may have {limit} bytes"))
                .hint("send less, or a reference to where the data is")
        } else {
            Refusal::new(Reason::BadRequest, format!("the request broke off: {error}"))
        }
    })?;
    let key = parts.headers.remove(IDEMPOTENCY_KEY);
    let key = key.and_then(|key| key.to_str().ok().map(|key| format!("http:{key}")));
    let request = Request::from_parts(parts, body.to_bytes());
    let (function, trigger) = (name.to_string(), TriggerKind::Http);
    let call = Deferred { function, trigger, request, callback, retry: spec.retry, key };
    let id = gateway.later.accept(call).await?;
    let url = format!("/v1/invocations/{id}");
    Ok(Accepted { id, url })
}
