//! Where a request goes: to a function by name, to one by host and path, into the queue,
//! or to the node's own pages.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use http::header::HOST;
use http::uri::PathAndQuery;
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming as Arriving;

use swell_sandbox::body::Body;

use crate::gateway::answer::problem;
use crate::gateway::asynchronous::accept;
use crate::gateway::call::below;
use crate::gateway::context::Gateway;
use crate::gateway::here::{here, unknown};
use crate::gateway::nearby;
use crate::later::strip_told;
use crate::registry::Function;
use crate::sites::elsewhere::Way;
use crate::sites::seal::SEAL;

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
    mut request: Request<Arriving>,
) -> Result<Response<Body>, Infallible> {
    let path = request.uri().path_and_query().map_or("/", PathAndQuery::as_str);
    if !gateway.elsewhere.is_passed_on(path, request.headers()) {
        strip_told(request.headers_mut());
    }
    request.headers_mut().remove(SEAL);
    let path = request.uri().path();
    if let Some(rest) = path.strip_prefix(FUNCTION) {
        let name = first(rest);
        let prefix = FUNCTION.len() + name.len();
        let function = gateway.registry.get(name);
        if let Some(way) = gateway.elsewhere.way(name, function.as_deref(), request.headers()) {
            return Ok(pass_on(&gateway, &way, None, peer, request).await);
        }
        let name = name.to_string();
        return Ok(nearest(&gateway, peer, request, &name, function, prefix).await);
    }
    if let Some(rest) = path.strip_prefix(ASYNCHRONOUS) {
        let name = first(rest);
        let prefix = ASYNCHRONOUS.len() + name.len();
        let function = gateway.registry.get(name);
        if let Some(way) = gateway.elsewhere.way(name, function.as_deref(), request.headers()) {
            return Ok(pass_on(&gateway, &way, None, peer, request).await);
        }
        let function = function.ok_or_else(|| unknown(name, &gateway.elsewhere));
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
            let function = Some(routed.function);
            return Ok(nearest(&gateway, peer, request, &name, function, prefix).await);
        }
        // The seat knows the routes of all functions.
        if let Some(way) = gateway.elsewhere.seat(request.headers()) {
            return Ok(pass_on(&gateway, &way, None, peer, request).await);
        }
    }
    let mut request = request.map(|body| body.map_err(Into::into).boxed_unsync());
    request.extensions_mut().insert(axum::extract::ConnectInfo(peer));
    Ok(gateway.pages.answer(request).await)
}

/// Has the node answer that suits the call best, if it is not this one.
async fn nearest(
    gateway: &Arc<Gateway>,
    peer: SocketAddr,
    request: Request<Arriving>,
    name: &str,
    function: Option<Arc<Function>>,
    prefix: usize,
) -> Response<Body> {
    let Some(way) = gateway.nearer(name, function.as_deref()) else {
        let function = function.ok_or_else(|| unknown(name, &gateway.elsewhere));
        return here(gateway, Some(peer), request, function, prefix).await;
    };
    let known = function.as_deref();
    match nearby::pass_on(gateway, way, (name, known), peer, request, prefix).await {
        Ok(answer) => answer,
        Err(back) => {
            let function = function.ok_or_else(|| unknown(name, &gateway.elsewhere));
            here(gateway, Some(peer), back, function, prefix).await
        }
    }
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

fn first(rest: &str) -> &str {
    rest.split_once('/').map_or(rest, |(name, _)| name)
}
