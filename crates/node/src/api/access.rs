//! Who may use the API: whoever shows the token, or, where there is none, programs on this
//! machine.
//!
//! "On this machine" needs more than a peer address. A page in a browser of this machine
//! can send requests here as well, and so does a proxy that serves the world; both show
//! in headers, so requests whose `host` or `origin` is not this machine and requests that
//! were forwarded are refused like any stranger's.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, FORWARDED, HOST, HeaderMap, ORIGIN, WWW_AUTHENTICATE};
use http::{HeaderValue, Uri};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::api::context::ApiContext;
use crate::api::reply::Failure;
use crate::refusal::{Reason, Refusal};

/// Lets through who may use the API.
pub async fn guard(
    State(context): State<Arc<ApiContext>>,
    request: Request,
    next: Next,
) -> Response {
    let allowed = match &context.token {
        Some(token) => shows(request.headers(), token),
        None => is_local(&request),
    };
    match allowed {
        Ok(()) => next.run(request).await,
        Err(refusal) => {
            let mut response = Failure(refusal).into_response();
            let bearer = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(WWW_AUTHENTICATE, bearer);
            response
        }
    }
}

/// Whether the headers show the token. Comparing takes the same time whatever is shown.
fn shows(headers: &HeaderMap, token: &str) -> Result<(), Refusal> {
    let shown = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes).and_then(bearer);
    let Some(shown) = shown else {
        return Err(Refusal::new(Reason::Unauthorized, "this node wants to see its token")
            .hint("send `Authorization: Bearer` and the token"));
    };
    let same = Sha256::digest(shown).ct_eq(&Sha256::digest(token.as_bytes()));
    if bool::from(same) {
        return Ok(());
    }
    Err(Refusal::new(Reason::Unauthorized, "the token is not this node's"))
}

fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| rest.trim_ascii())
}

fn is_local(request: &Request) -> Result<(), Refusal> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let headers = request.headers();
    let why = if !peer.is_some_and(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback()) {
        "it came from another machine"
    } else if headers.contains_key(FORWARDED) || headers.contains_key("x-forwarded-for") {
        "a proxy forwarded it"
    } else if !host(request).is_none_or(names_this_machine) {
        "its `host` is not a name of this machine"
    } else if !headers.get(ORIGIN).is_none_or(is_local_origin) {
        "a page of another site sent it"
    } else {
        return Ok(());
    };
    let title = "without a token this node is managed from its own machine only";
    Err(Refusal::new(Reason::Unauthorized, title)
        .detail(format!("the request was refused because {why}"))
        .hint("set `token` in the node's settings, and send it as `Authorization: Bearer`"))
}

fn host(request: &Request) -> Option<&str> {
    match request.headers().get(HOST) {
        // What is no text names nothing.
        Some(host) => Some(host.to_str().unwrap_or("?")),
        None => request.uri().authority().map(|authority| authority.as_str()),
    }
}

fn is_local_origin(origin: &HeaderValue) -> bool {
    let uri = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok());
    uri.is_some_and(|uri| uri.authority().is_some_and(|host| names_this_machine(host.as_str())))
}

/// Whether a host, with or without port, is `localhost` or a loopback address.
fn names_this_machine(host: &str) -> bool {
    let Ok(authority) = host.parse::<http::uri::Authority>() else { return false };
    let name = authority.host();
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let local_name =
        name.eq_ignore_ascii_case("localhost") || name.to_ascii_lowercase().ends_with(".localhost");
    address.map_or(local_name, |address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn only_this_machine_is_this_machine() {
        for (peer, headers, allowed) in [
            ("127.0.0.1:9", &[("host", "localhost:7070")][..], true),
            ("127.0.0.1:9", &[("host", "127.0.0.1:7070")], true),
            ("[::1]:9", &[("host", "[::1]:7070")], true),
            ("[::ffff:127.0.0.1]:9", &[("host", "swell.localhost")], true),
            ("127.0.0.1:9", &[], true),
            ("127.0.0.1:9", &[("host", "localhost"), ("origin", "http://127.0.0.1:7070")], true),
            ("192.168.1.7:9", &[("host", "localhost")], false),
            ("127.0.0.1:9", &[("host", "rebound.example")], false),
            ("127.0.0.1:9", &[("host", "localhost.example")], false),
            ("127.0.0.1:9", &[("host", "localhost"), ("origin", "https://evil.example")], false),
            ("127.0.0.1:9", &[("host", "localhost"), ("origin", "null")], false),
            ("127.0.0.1:9", &[("host", "localhost"), ("x-forwarded-for", "8.8.8.8")], false),
            ("127.0.0.1:9", &[("host", "localhost"), ("forwarded", "for=8.8.8.8")], false),
        ] {
            let peer: SocketAddr = peer.parse().expect("an address");
            let mut request = http::Request::builder().uri("/v1/node").extension(ConnectInfo(peer));
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let request = request.body(Body::empty()).expect("a request");
            assert_eq!(is_local(&request).is_ok(), allowed, "{peer} {headers:?}");
        }
        let unknown = http::Request::builder().body(Body::empty()).expect("a request");
        assert!(is_local(&unknown).is_err(), "a peer that is not known is a stranger");
    }

    #[test]
    fn only_the_token_is_the_token() {
        for (shown, allowed) in [
            (Some("Bearer secret"), true),
            (Some("bearer  secret "), true),
            (Some("Bearer secre"), false),
            (Some("Bearer secrets"), false),
            (Some("Basic secret"), false),
            (Some("Bearer"), false),
            (None, false),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(shown) = shown {
                headers.insert(AUTHORIZATION, HeaderValue::from_static(shown));
            }
            assert_eq!(shows(&headers, "secret").is_ok(), allowed, "{shown:?}");
        }
    }
}
