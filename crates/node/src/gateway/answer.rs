//! Answers of the node itself: letters, and bodies that are there already.

use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};

use swell_sandbox::body::{Body, full};

use crate::refusal::Refusal;

/// A letter that says why not.
pub fn problem(refusal: &Refusal, request_id: Option<&str>) -> Response<Body> {
    let problem = refusal.problem(request_id);
    let status = StatusCode::from_u16(problem.status).expect("every reason has a status");
    let bytes = serde_json::to_vec(&problem).expect("a problem is JSON");
    let mut response = Response::new(full(bytes));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if let Some(pause) = refusal.retry_after {
        // Whole seconds are all the header knows; too late is better than too early.
        let seconds = pause.as_secs() + u64::from(pause.subsec_nanos() > 0);
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// A JSON document.
pub fn json(status: StatusCode, value: &impl serde::Serialize) -> Response<Body> {
    let bytes = serde_json::to_vec(value).expect("the words of the API are JSON");
    let mut response = Response::new(full(bytes));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

/// A short text.
pub fn text(status: StatusCode, text: impl Into<bytes::Bytes>) -> Response<Body> {
    let mut response = Response::new(full(text));
    *response.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, plain);
    response
}
