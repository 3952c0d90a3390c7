//! Where a request goes: to a function by name, to one by host and path, into the queue,
//! or to the node's own pages.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::header::{HOST, HeaderValue, UPGRADE};
use http::uri::PathAndQuery;
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming as Arriving;
use tokio::time::Instant;

use swell_sandbox::body::Body;

use crate::gateway::answer::problem;
use crate::gateway::asynchronous::accept;
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
use crate::sites::elsewhere::Way;

/// Paths under which functions are called by name.
const FUNCTION: &str = "/function/";
/// Paths under which calls are left for later.
const ASYNCHRONOUS: &str = "/async-function/";
/// Beginnings of the paths that are the node's own.
const OWN: [&str; 4] = ["/v1", "/healthz", "/readyz", "/metrics"];

/// Answers a request.
pub(crate) async fn serve(
    gateway: Arc<Gateway>,
    peer: SocketAddr,
    request: Request<Arriving>,
) -> Result<Response<Body>, Infallible> {
    let path = request.uri().path();
    if let Some(rest) = path.strip_prefix(FUNCTION) {
        let name = first(rest);
        let prefix = FUNCTION.len() + name.len();
        let function = gateway.registry.get(name);
        if let Some(way) = gateway.elsewhere.way(name, function.as_deref(), request.headers()) {
            return Ok(pass_on(&gateway, &way, None, peer, request).await);
        }
        let function = function.ok_or_else(|| unknown(name));
        return Ok(call(&gateway, peer, request, function, prefix).await);
    }
    if let Some(rest) = path.strip_prefix(ASYNCHRONOUS) {
        let name = first(rest);
        let prefix = ASYNCHRONOUS.len() + name.len();
        let function = gateway.registry.get(name);
        if let Some(way) = gateway.elsewhere.way(name, function.as_deref(), request.headers()) {
            return Ok(pass_on(&gateway, &way, None, peer, request).await);
        }
        let function = function.ok_or_else(|| unknown(name));
        return Ok(accept(&gateway, function, request, prefix).await);
    }
    if !is_own(path) {
        let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
        let host = host.or_else(|| request.uri().host()).unwrap_or("");
        let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
        if let Some(routed) = gateway.registry.route(host, path) {
            let prefix = routed.prefix;
            let name = routed.function.name.clone();
            let function = Some(&*routed.function);
            if let Some(way) = gateway.elsewhere.way(&name, function, request.headers()) {
                let path = format!("{FUNCTION}{name}{}", below(request.uri(), prefix));
                return Ok(pass_on(&gateway, &way, Some(path), peer, request).await);
            }
            return Ok(call(&gateway, peer, request, Ok(routed.function), prefix).await);
        }
    }
    let mut request = request.map(|body| body.map_err(Into::into).boxed_unsync());
    request.extensions_mut().insert(axum::extract::ConnectInfo(peer));
    Ok(gateway.pages.answer(request).await)
}

/// Has another site answer; at the path of the request, or at another one.
async fn pass_on(
    gateway: &Gateway,
    way: &Way,
    path: Option<String>,
    peer: SocketAddr,
    request: Request<Arriving>,
) -> Response<Body> {
    let asked = request.uri().path_and_query().map_or("/", PathAndQuery::as_str);
    let path = path.unwrap_or_else(|| asked.to_string());
    let answered = gateway.elsewhere.pass_on(way, &path, Some(peer), request).await;
    answered.unwrap_or_else(|refusal| problem(&refusal, None))
}

fn is_own(path: &str) -> bool {
    let rest = OWN.iter().find_map(|page| path.strip_prefix(page));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

async fn call(
    gateway: &Arc<Gateway>,
    peer: SocketAddr,
    mut request: Request<Arriving>,
    function: Result<Arc<Function>, Refusal>,
    prefix: usize,
) -> Response<Body> {
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
    if let Ok(address) = HeaderValue::from_str(&peer.ip().to_string()) {
        headers.append(FORWARDED_FOR, address);
    }
    let protocol = if gateway.tls { "https" } else { "http" };
    headers.insert(FORWARDED_PROTO, HeaderValue::from_static(protocol));
    let (name, depth) = (function.name.clone(), depth(request.headers()));
    let timeout = Duration::from_millis(function.leading().spec.timeout_ms);
    let deadline = Instant::now() + timeout;
    let incoming = Incoming { function, request, peer: Some(peer.ip()), source };
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

fn is_websocket(request: &Request<Arriving>) -> bool {
    let upgrade = request.headers().get(UPGRADE);
    upgrade.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

fn first(rest: &str) -> &str {
    rest.split_once('/').map_or(rest, |(name, _)| name)
}

/// No function has that name.
pub(crate) fn unknown(name: &str) -> Refusal {
    let name: String = name.chars().take(80).collect();
    Refusal::new(Reason::NotFound, format!("no function `{name}` is deployed here"))
        .hint("`swell list` shows those that are")
}
