//! Telling whoever waits for an answer: posting it where the call asked for it.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, HeaderName, Method, Request, StatusCode, Uri};
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::time::timeout;

/// The call that is answered.
pub const CALL_ID: HeaderName = HeaderName::from_static("x-call-id");
/// The function that answered.
const FUNCTION: HeaderName = HeaderName::from_static("x-function-name");
/// The status of its answer.
const STATUS: HeaderName = HeaderName::from_static("x-function-status");
/// How long somebody may take to accept an answer.
const ACCEPT_MAX: Duration = Duration::from_secs(30);

/// Posts answers.
pub struct Callbacks {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

/// An answer to be posted.
pub struct Post<'a> {
    /// Where to.
    pub url: &'a str,
    /// The call.
    pub id: &'a str,
    /// What was called.
    pub function: &'a str,
    /// The status of the answer.
    pub status: u16,
    /// The answer's headers.
    pub headers: &'a HeaderMap,
    /// The answer's body.
    pub body: Bytes,
}

/// Why a post failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostError {
    /// What happened.
    pub why: String,
    /// Whether another post may do better.
    pub again: bool,
}

impl Default for Callbacks {
    fn default() -> Self {
        let https = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
            .expect("the provider has what its own versions need")
            .https_or_http()
            .enable_http1()
            .build();
        Self { client: Client::builder(TokioExecutor::new()).build(https) }
    }
}

impl Callbacks {
    /// Posts an answer; it is accepted with any status from 200 to 299.
    pub async fn post(&self, post: Post<'_>) -> Result<(), PostError> {
        let never = |why: String| PostError { why, again: false };
        let uri: Uri = post.url.parse().map_err(|_| never("it is not a URL".to_string()))?;
        let mut request = Request::new(Full::new(post.body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        if let Some(kind) = post.headers.get(CONTENT_TYPE) {
            headers.insert(CONTENT_TYPE, kind.clone());
        }
        for (name, value) in [(CALL_ID, post.id), (FUNCTION, post.function)] {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
        headers.insert(STATUS, HeaderValue::from(post.status));
        headers.remove(CONTENT_LENGTH);
        let again = |why: String| PostError { why, again: true };
        let answered = timeout(ACCEPT_MAX, self.client.request(request)).await;
        let answered = answered.map_err(|_| again("it did not answer in time".to_string()))?;
        let response = answered.map_err(|error| again(reason(&error)))?;
        judge(response.status())
    }
}

fn judge(status: StatusCode) -> Result<(), PostError> {
    let again = status.is_server_error()
        || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
    match status.is_success() {
        true => Ok(()),
        false => Err(PostError { why: format!("it answered {status}"), again }),
    }
}

/// The innermost words, which are those that say something.
fn reason(error: &dyn std::error::Error) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_to_posts_are_judged() {
        for (status, fine, again) in [
            (200, true, false),
            (204, true, false),
            (302, false, false),
            (404, false, false),
            (408, false, true),
            (429, false, true),
            (500, false, true),
        ] {
            let judged = judge(StatusCode::from_u16(status).expect("a status"));
            assert_eq!(judged.is_ok(), fine, "{status}");
            assert_eq!(judged.is_err_and(|error| error.again), again, "{status}");
        }
    }
}
