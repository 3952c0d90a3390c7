//! Which headers go through, which stop here, and which the node adds.

use http::HeaderMap;
use http::header::{
    CONNECTION, HeaderName, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};

/// How a request met its instance: `warm`, `delayed`, `resumed` or `cold`.
pub const START: HeaderName = HeaderName::from_static("x-swell-start");
/// The version that answered.
pub const VERSION: HeaderName = HeaderName::from_static("x-swell-version");
/// What a client calls itself, so that it always gets the same version.
pub const SESSION: HeaderName = HeaderName::from_static("x-swell-session");
/// Where the answer of an asynchronous call is to be posted.
pub const CALLBACK: HeaderName = HeaderName::from_static("x-callback-url");
/// What makes a repetition of an asynchronous call known: it is answered with the first.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Who really calls.
pub const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// How the client spoke.
pub const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// What a host knows of a connection only, by an old convention.
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
/// Likewise.
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");

/// Headers about one connection, which end with it (RFC 9110, section 7.6.1).
const HOP_BY_HOP: [HeaderName; 9] = [
    CONNECTION,
    KEEP_ALIVE,
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    PROXY_CONNECTION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Takes out what is about the connection, and what `connection` names besides.
pub fn strip_hop_by_hop(headers: &mut HeaderMap) {
    if headers.contains_key(CONNECTION) {
        let named: Vec<HeaderName> = headers
            .get_all(CONNECTION)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|name| name.trim().parse().ok())
            .collect();
        for name in named {
            headers.remove(name);
        }
    }
    for name in &HOP_BY_HOP {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn what_is_about_the_connection_stops_here() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, x-private"),
            ("x-private", "1"),
            ("transfer-encoding", "chunked"),
            ("accept", "text/plain"),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        strip_hop_by_hop(&mut headers);
        let left: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        assert_eq!(left, ["accept"]);
    }
}
