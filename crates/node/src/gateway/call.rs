//! A call of a function, from the request to the last byte of the answer.
//!
//! One deadline, the function's timeout, covers all of it: waiting, starting, running and
//! answering. Whatever ends the call early, the guest is stopped and the mind is told.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::header::{CONTENT_LENGTH, HOST, HeaderValue};
use http::uri::{PathAndQuery, Uri};
use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt;
use tokio::time::Instant;

use swell_core::action::StartKind;
use swell_sandbox::body::{Body, BodyError};
use swell_sandbox::call::{Call, CallError, Outcome};

use crate::gateway::context::{Entered, Gateway};
use crate::gateway::flowing::call_flows;
use crate::gateway::headers::{FORWARDED_FOR, SESSION, START, VERSION, strip_hop_by_hop};
use crate::gateway::limited::{Limited, Timed, TooLong};
use crate::invoker::{Reached, Waited};
use crate::observe::function_metrics::start_word;
use crate::observe::observer::{CallSpan, Source};
use crate::observe::request_id::REQUEST_ID;
use crate::refusal::{Reason, Refusal};
use crate::registry::{Function, Version};

/// A call before it is made.
pub(crate) struct Incoming<B> {
    /// What is called.
    pub(crate) function: Arc<Function>,
    /// The request; its path is what the function sees.
    pub(crate) request: Request<B>,
    /// Who calls, if it is somebody on a network.
    pub(crate) peer: Option<IpAddr>,
    /// The request's name and its place in a trace.
    pub(crate) source: Source,
}

impl Gateway {
    /// Makes a call. The answer's body may stream on; dropping it stops the guest.
    pub(crate) async fn invoke<B>(
        self: &Arc<Self>,
        incoming: Incoming<B>,
    ) -> Result<Response<Body>, Refusal>
    where
        B: http_body::Body<Data = bytes::Bytes> + Send + Unpin + 'static,
        B::Error: Into<BodyError>,
    {
        let Incoming { function, request, peer, source } = incoming;
        let version = pick(&function, request.headers(), peer).clone();
        version.counts.total.fetch_add(1, Ordering::Relaxed);
        let mut span = self.observer.begin(&version, source);
        let answered = match self.enter() {
            Ok(entered) => self.attempt(&function, &version, request, &mut span, entered).await,
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = &answered {
            count(&version, refusal.reason);
            span.refused(refusal);
        }
        answered
    }

    async fn attempt<B>(
        self: &Arc<Self>,
        function: &Function,
        version: &Arc<Version>,
        request: Request<B>,
        span: &mut CallSpan,
        entered: Entered,
    ) -> Result<Response<Body>, Refusal>
    where
        B: http_body::Body<Data = bytes::Bytes> + Send + Unpin + 'static,
        B::Error: Into<BodyError>,
    {
        let name = &function.name;
        if function.paused {
            return Err(Refusal::new(Reason::NotReady, format!("`{name}` is paused"))
                .hint(format!("let it go on with `swell resume {name}`")));
        }
        let timeout = Duration::from_millis(version.spec.timeout_ms);
        let deadline = Instant::now() + timeout;
        check_length(version, request.headers())?;
        if version.template.get().is_none() {
            let ready = self.deployer.ready(version);
            tokio::time::timeout_at(deadline, ready).await.map_err(|_| {
                Refusal::new(Reason::NotReady, format!("the code of `{name}` is not ready yet"))
                    .hint("it is being compiled; try again in a moment")
                    .retry_after(Duration::from_secs(2))
            })??;
        }
        if let (Some(contents), Some(workload)) = (&self.contents, &version.spec.workload) {
            contents.on_task(name, workload, &version.spec.inputs);
        }
        let admission = self.live.admit(version, deadline).await?;
        let start = admission.start;
        if let Some(reached) = request.extensions().get::<Reached>() {
            reached.set();
        }
        span.admitted(start, admission.waited);
        if start == StartKind::Cold {
            version.counts.cold.fetch_add(1, Ordering::Relaxed);
        }
        let on_the_side = request.version() == http::Version::HTTP_2;
        let asked = http_body::Body::size_hint(request.body()).exact().unwrap_or(0);
        let flows = call_flows(self, name, &request, deadline);
        let request = prepare(request, version, span);
        let log = span.log();
        let ending = span.ending(deadline);
        let counted = version.clone();
        let waited = Waited(admission.waited);
        version.running.fetch_add(1, Ordering::Relaxed);
        let (sandbox, end) = admission.take(move |end, ran| {
            counted.running.fetch_sub(1, Ordering::Relaxed);
            if end.outcome == Outcome::Failed {
                counted.counts.failed.fetch_add(1, Ordering::Relaxed);
            }
            counted.usage.ended(ran, end.memory);
            ending.ended(end, ran);
        });
        let call = Call { request, log, flows, end };
        let answered = tokio::time::timeout_at(deadline, sandbox.invoke(call)).await;
        let response =
            answered.map_err(|_| timed_out(version))?.map_err(|error| failed(version, error))?;
        span.answered(response.status().as_u16());
        let (mut parts, body) = response.into_parts();
        let told = http_body::Body::size_hint(&body).exact().unwrap_or(0);
        version.usage.carried(asked + told);
        strip_hop_by_hop(&mut parts.headers);
        parts.headers.insert(REQUEST_ID, span.request_id());
        parts.headers.insert(START, HeaderValue::from_static(start_word(start)));
        parts.headers.insert(VERSION, HeaderValue::from(version.version));
        parts.extensions.insert(waited);
        // An answer on its way out counts as work until it is through.
        let mut body = Timed::new(body, deadline, entered);
        if on_the_side {
            // A stream of HTTP/2 is not even asked for its body while its client holds it up.
            body.watch();
        }
        Ok(Response::from_parts(parts, body.boxed_unsync()))
    }
}

/// The version for a client: by the name it gives itself, else by its address.
fn pick<'a>(function: &'a Function, headers: &HeaderMap, peer: Option<IpAddr>) -> &'a Arc<Version> {
    if function.traffic.len() < 2 {
        return function.pick(&[]);
    }
    match (headers.get(SESSION), peer) {
        (Some(session), _) => function.pick(session.as_bytes()),
        (None, Some(address)) => pick_for(function, address),
        // Another node passed it on, and says for whom.
        (None, None) => match forwarded_for(headers) {
            Some(client) => pick_for(function, client),
            None => function.pick(&[]),
        },
    }
}

fn pick_for(function: &Function, client: IpAddr) -> &Arc<Version> {
    match client {
        IpAddr::V4(address) => function.pick(&address.octets()),
        IpAddr::V6(address) => function.pick(&address.octets()),
    }
}

/// The last of those for whom it was passed on.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all(FORWARDED_FOR).iter().next_back()?.to_str().ok()?;
    last.rsplit(',').next()?.trim().parse().ok()
}

fn check_length(version: &Version, headers: &HeaderMap) -> Result<(), Refusal> {
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let length: u64 = length.and_then(|value| value.parse().ok()).unwrap_or(0);
    let most = version.spec.body_bytes_max;
    if length > most {
        return Err(too_large(version, &format!("a request of {length} bytes")));
    }
    Ok(())
}

/// The request as the function sees it.
fn prepare<B>(request: Request<B>, version: &Version, span: &CallSpan) -> Request<Body>
where
    B: http_body::Body<Data = bytes::Bytes> + Send + Unpin + 'static,
    B::Error: Into<BodyError>,
{
    let (mut parts, body) = request.into_parts();
    strip_hop_by_hop(&mut parts.headers);
    if !parts.headers.contains_key(HOST) {
        let authority = parts.uri.authority().map_or("localhost", |authority| authority.as_str());
        let host = HeaderValue::from_str(authority);
        parts.headers.insert(HOST, host.unwrap_or(HeaderValue::from_static("localhost")));
    }
    span.pass_on(&mut parts.headers);
    // Known to be short enough: no need to count again.
    let exact = http_body::Body::size_hint(&body).exact();
    let body = match exact {
        Some(_) => body.map_err(Into::into).boxed_unsync(),
        None => Limited::new(body, version.spec.body_bytes_max).boxed_unsync(),
    };
    Request::from_parts(parts, body)
}

/// A path for a function: what followed its name or its route, and the query.
pub(crate) fn below(uri: &Uri, prefix: usize) -> Uri {
    let whole = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let rest = &whole[prefix.min(whole.len())..];
    let path = if rest.starts_with('/') { rest.to_string() } else { format!("/{rest}") };
    path.parse().unwrap_or_else(|_| Uri::from_static("/"))
}

fn count(version: &Version, reason: Reason) {
    match reason {
        Reason::FunctionFailed | Reason::BadAnswer => {}
        _ => drop(version.counts.refused.fetch_add(1, Ordering::Relaxed)),
    }
}

fn too_large(version: &Version, what: &str) -> Refusal {
    let Version { name, spec, .. } = version;
    let most = spec.body_bytes_max;
    let title = format!("{what} is longer than the {most} bytes `{name}` takes");
    Refusal::new(Reason::TooLarge, title).hint("send less, or raise its `body_bytes_max`")
}

fn timed_out(version: &Version) -> Refusal {
    let Version { name, spec, .. } = version;
    let timeout = spec.timeout_ms;
    Refusal::new(Reason::TimedOut, format!("`{name}` did not answer within {timeout} ms"))
        .hint("see `swell logs` for what it was doing, or give it a longer `timeout`")
}

fn failed(version: &Version, error: CallError) -> Refusal {
    let name = &version.name;
    let reason = match &error {
        CallError::Trapped(_)
        | CallError::OutOfMemory { .. }
        | CallError::OutOfCpu { .. }
        | CallError::OutOfFuel { .. } => Reason::FunctionFailed,
        CallError::NoAnswer(_) => Reason::BadAnswer,
        CallError::TooLarge { .. } => return too_large(version, "the request"),
        CallError::Request(why)
            if why.contains(&TooLong(version.spec.body_bytes_max).to_string()) =>
        {
            return too_large(version, "the request");
        }
        CallError::Request(_) => Reason::BadRequest,
        CallError::Backend(_) => Reason::Internal,
    };
    let refusal = Refusal::new(reason, format!("`{name}`: {error}"));
    match error {
        CallError::OutOfMemory { .. } => refusal.hint("raise its `memory`"),
        CallError::OutOfCpu { .. } => refusal.hint("raise its `cpu`"),
        CallError::OutOfFuel { .. } => refusal.hint("raise its `fuel`"),
        CallError::Trapped(_) | CallError::NoAnswer(_) => {
            refusal.hint(format!("see `swell logs {name}` for what it wrote"))
        }
        _ => refusal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_served_is_the_last_that_a_call_was_passed_on_for() {
        let mut headers = HeaderMap::new();
        assert_eq!(forwarded_for(&headers), None);
        headers.append(FORWARDED_FOR, HeaderValue::from_static("10.0.0.1, 10.0.0.2"));
        assert_eq!(forwarded_for(&headers), "10.0.0.2".parse().ok());
        headers.append(FORWARDED_FOR, HeaderValue::from_static("::1"));
        assert_eq!(forwarded_for(&headers), "::1".parse().ok());
        headers.append(FORWARDED_FOR, HeaderValue::from_static("somebody"));
        assert_eq!(forwarded_for(&headers), None);
    }

    #[test]
    fn functions_see_what_follows_their_name() {
        for (uri, prefix, seen) in [
            ("/function/hello", 15, "/"),
            ("/function/hello/", 15, "/"),
            ("/function/hello/a/b?c=d", 15, "/a/b?c=d"),
            ("/function/hello?c=d", 15, "/?c=d"),
            ("/api/users", 4, "/users"),
            ("/", 0, "/"),
        ] {
            assert_eq!(below(&uri.parse().unwrap(), prefix).to_string(), seen, "{uri}");
        }
    }
}
