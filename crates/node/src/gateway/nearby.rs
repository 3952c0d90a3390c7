//! Calls that suit another node better, of their workload's group or of this site, and those that
//! others pass on.
//!
//! What follows a call here (an item of a flow, another call) belongs to this node, so a function
//! that something follows is called here.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming as Arriving;

use swell_sandbox::body::Body;

use crate::gateway::answer::problem;
use crate::gateway::call::below;
use crate::gateway::context::Gateway;
use crate::gateway::headers::FORWARDED_PROTO;
use crate::gateway::here::{here, unknown};
use crate::grouping::callee::{Answering, Callee};
use crate::grouping::groups::Way;
use crate::grouping::passing::{UNTRIED, Whole};
use crate::invoker::Reached;
use crate::nodes::passing::Leaving;
use crate::refusal::{Reason, Refusal};
use crate::registry::Function;

/// The longest body and the longest time of a call whose function is known to others only.
const BODY_BYTES_MAX: u64 = 16 << 20;
const TIMEOUT: Duration = Duration::from_secs(30);

/// Another node that suits a call better.
pub(crate) enum Nearer {
    /// One of its workload's group.
    Group(Way),
    /// One of this site.
    Crew(Leaving),
}

impl Gateway {
    /// The node that suits a call better than this one, if there is one.
    pub(crate) fn nearer(&self, name: &str, function: Option<&Function>) -> Option<Nearer> {
        let group = self.of_group(name, function).map(Nearer::Group);
        group.or_else(|| {
            self.crew.leaving(function?, self.in_flight.load(Ordering::Relaxed)).map(Nearer::Crew)
        })
    }

    fn of_group(&self, name: &str, function: Option<&Function>) -> Option<Way> {
        let grouping = self.grouping.as_ref().filter(|grouping| grouping.is_placing())?;
        let is_followed = |status| self.followers.wanted(name, status);
        if self.flows.takes(name) || is_followed(200) || is_followed(500) {
            return None;
        }
        grouping.way(name, function)
    }
}

/// Passes a call on to another node. If it surely got to nobody, the call comes back, to run here.
pub(crate) async fn pass_on(
    gateway: &Gateway,
    way: Nearer,
    (name, function): (&str, Option<&Function>),
    peer: SocketAddr,
    request: Request<Arriving>,
    prefix: usize,
) -> Result<Response<Body>, Request<Full<Bytes>>> {
    let most = function.map_or(BODY_BYTES_MAX, |function| function.leading().spec.body_bytes_max);
    let (parts, body) = request.into_parts();
    let limit = usize::try_from(most).unwrap_or(usize::MAX);
    let Ok(body) = Limited::new(body, limit).collect().await else {
        let title =
            format!("a request that broke off or is longer than the {most} bytes of `{name}`");
        let refusal = Refusal::new(Reason::TooLarge, title);
        return Ok(problem(&refusal.hint("send less, or raise its `body_bytes_max`"), None));
    };
    let body = body.to_bytes();
    let mut headers = parts.headers.clone();
    let protocol = if gateway.tls { "https" } else { "http" };
    headers.insert(FORWARDED_PROTO, HeaderValue::from_static(protocol));
    let call = Whole {
        method: parts.method.clone(),
        path: below(&parts.uri, prefix).to_string(),
        headers,
        body: body.clone(),
    };
    match pass_whole(gateway, way, name, function, Some(peer), &call).await {
        Some(Ok(answer)) => Ok(answer),
        Some(Err(refusal)) => Ok(problem(&refusal, None)),
        None => Err(Request::from_parts(parts, Full::new(body))),
    }
}

/// The same for a call whose body is here; nothing, if it surely got to nobody. What the other node
/// refused before its function had it (it was paused just now, or lost its room) counts as that, if
/// the function is here.
pub(crate) async fn pass_whole(
    gateway: &Gateway,
    way: Nearer,
    name: &str,
    function: Option<&Function>,
    peer: Option<SocketAddr>,
    call: &Whole,
) -> Option<Result<Response<Body>, Refusal>> {
    let timeout = function.map(|function| function.leading().spec.timeout_ms);
    let timeout = timeout.map_or(TIMEOUT, Duration::from_millis);
    let mut passed = match way {
        Nearer::Group(way) => {
            gateway.grouping.as_ref()?.pass_on(&way, name, call, peer, timeout).await?
        }
        Nearer::Crew(leaving) => leaving.pass(name, call, peer, timeout).await?,
    };
    if let Ok(answer) = &mut passed
        && answer.headers_mut().remove(UNTRIED).is_some()
        && function.is_some()
    {
        return None;
    }
    Some(passed.map_err(|error| {
        let hint = "whether it did what it should is not known; it can be called again";
        Refusal::new(Reason::Unavailable, format!("`{name}` ran elsewhere: {error}")).hint(hint)
    }))
}

/// Runs calls that others pass on.
pub struct Nearby(Weak<Gateway>);

impl Nearby {
    /// The calls that others pass on come to this gateway from now on.
    pub fn open(gateway: &Arc<Gateway>) {
        gateway.crew.run_by(Arc::new(Self(Arc::downgrade(gateway))));
        if let Some(grouping) = &gateway.grouping {
            grouping.run_by(Arc::new(Self(Arc::downgrade(gateway))));
        }
    }
}

impl Callee for Nearby {
    fn run<'a>(&'a self, function: &'a str, mut request: Request<Body>) -> Answering<'a> {
        Box::pin(async move {
            let Some(gateway) = self.0.upgrade() else {
                let mut answer = Response::new(swell_sandbox::body::full(""));
                *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                return answer;
            };
            let found: Option<Arc<Function>> = gateway.registry.get(function);
            let reached = Reached::default();
            request.extensions_mut().insert(reached.clone());
            let found = found.ok_or_else(|| unknown(function, &gateway.elsewhere));
            let mut answer = here(&gateway, None, request, found, 0).await;
            answer.headers_mut().remove(UNTRIED);
            if !reached.get() {
                answer.headers_mut().insert(UNTRIED, HeaderValue::from_static("yes"));
            }
            answer
        })
    }
}
