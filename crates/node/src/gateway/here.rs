//! Runs a call of a function at this node, whoever it came from.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{HeaderValue, UPGRADE};
use http::{Request, Response};
use tokio::time::Instant;

use swell_sandbox::body::{Body, BodyError};

use crate::gateway::answer::problem;
use crate::gateway::call::{Incoming, below};
use crate::gateway::context::Gateway;
use crate::gateway::flowing::flow;
use crate::gateway::following::{follow, follow_failure};
use crate::gateway::headers::{FORWARDED_FOR, FORWARDED_PROTO};
use crate::later::depth;
use crate::observe::function_metrics::TriggerKind;
use crate::observe::request_id::REQUEST_ID;
use crate::refusal::{Reason, Refusal};
use crate::registry::Function;
use crate::sites::elsewhere::Elsewhere;

/// Runs a call; `prefix` is the part of its path that its function does not see.
pub(crate) async fn here<B>(
    gateway: &Arc<Gateway>,
    peer: Option<SocketAddr>,
    mut request: Request<B>,
    function: Result<Arc<Function>, Refusal>,
    prefix: usize,
) -> Response<Body>
where
    B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<BodyError>,
{
    let source = gateway.observer.source(TriggerKind::Http, &request);
    let id = source.request_id().clone();
    let refuse = |refusal: &Refusal| {
        let mut response = problem(refusal, Some(id.as_str()));
        response.headers_mut().insert(REQUEST_ID, id.header());
        response
    };
    let function = match function {
        Ok(function) => function,
        Err(refusal) => return refuse(&refusal),
    };
    if request.headers().contains_key(UPGRADE) && is_websocket(&request) {
        let title = format!("`{}` runs where no WebSocket can be passed through", function.name);
        return refuse(
            &Refusal::new(Reason::Unsupported, title)
                .hint("use server-sent events, or a plain request and answer"),
        );
    }
    *request.uri_mut() = below(request.uri(), prefix);
    let headers = request.headers_mut();
    if let Some(Ok(address)) = peer.map(|peer| HeaderValue::from_str(&peer.ip().to_string())) {
        headers.append(FORWARDED_FOR, address);
    }
    let protocol = if gateway.tls { "https" } else { "http" };
    // A call that another node passed on says how its client spoke there.
    if peer.is_some() || !headers.contains_key(FORWARDED_PROTO) {
        headers.insert(FORWARDED_PROTO, HeaderValue::from_static(protocol));
    }
    let (name, depth) = (function.name.clone(), depth(request.headers()));
    let timeout = Duration::from_millis(function.leading().spec.timeout_ms);
    let deadline = Instant::now() + timeout;
    let incoming = Incoming { function, request, peer: peer.map(|peer| peer.ip()), source };
    let answered = match gateway.invoke(incoming).await {
        Ok(response) => flow(gateway, &name, depth, deadline, response).await,
        Err(refusal) => Err(refusal),
    };
    match answered {
        Ok(response) => follow(gateway, &name, depth, response),
        Err(refusal) => {
            follow_failure(gateway, &name, depth, &refusal).await;
            refuse(&refusal)
        }
    }
}

fn is_websocket<B>(request: &Request<B>) -> bool {
    let upgrade = request.headers().get(UPGRADE);
    upgrade.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// How soon a function that may be another site's is worth another try.
const AGAIN: Duration = Duration::from_secs(1);

/// No function has that name, as far as is known here.
pub(crate) fn unknown(name: &str, elsewhere: &Elsewhere) -> Refusal {
    let may_be_there = elsewhere.may_serve(name);
    let name: String = name.chars().take(80).collect();
    if may_be_there {
        let title = format!("it is not known yet which site serves `{name}`, if any does");
        return Refusal::new(Reason::NotReady, title)
            .hint("try again in a moment; `swell site status` shows how it is")
            .retry_after(AGAIN);
    }
    Refusal::new(Reason::NotFound, format!("no function `{name}` is deployed here"))
        .hint("`swell list` shows those that are")
}
