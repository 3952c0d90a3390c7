//! A call in the queue, as it lies on disk.
//!
//! An entry is JSON without the bodies, which lie beside it, so that listing calls reads
//! little. Header values may be any bytes; each byte is written as the letter of the same
//! number, which is exact and readable where it is ASCII.

use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Request, Response, StatusCode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use swell_api::invocation::{Invocation, InvocationState};
use swell_api::spec::Retry;

/// A call in the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its id, the same over all tries; ids sort by the time at which calls were accepted.
    pub id: Uuid,
    /// What it calls.
    pub function: String,
    /// What called: a word of the metrics' label `trigger`.
    pub trigger: String,
    /// Where it stands.
    pub state: InvocationState,
    /// Tries so far.
    pub attempts: u32,
    /// When it was accepted, in milliseconds since 1970.
    pub accepted_at_ms: u64,
    /// When it is its turn: to be tried, or its callback to be made.
    pub due_ms: u64,
    /// When it was done or given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at_ms: Option<u64>,
    /// How it is tried again.
    pub retry: Retry,
    /// The request without its body.
    pub request: RequestHead,
    /// The answer without its body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<AnswerHead>,
    /// Why the last try failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Where the answer is to be posted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback: Option<Callback>,
    /// What makes a repetition of the call known, among the calls of its function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Bytes of the bodies beside it.
    pub bytes: u64,
    /// How often it went to another node with its function.
    #[serde(default)]
    pub handed: u32,
    /// The site that it is on its way to; it is not tried here any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaving: Option<String>,
}

/// A request without its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestHead {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
}

/// An answer without its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerHead {
    /// Its status.
    pub status: u16,
    headers: Vec<(String, String)>,
}

/// An answer's way to whoever waits for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callback {
    /// Where it is posted.
    pub url: String,
    /// Posts so far.
    pub attempts: u32,
    /// Whether it is still to be posted, once there is an answer.
    pub pending: bool,
}

impl Entry {
    /// As the API shows it.
    pub fn shown(&self) -> Invocation {
        let waits = self.state == InvocationState::Queued && self.leaving.is_none();
        Invocation {
            id: self.id.to_string(),
            function: self.function.clone(),
            state: self.state,
            attempts: self.attempts,
            accepted_at_ms: self.accepted_at_ms,
            next_at_ms: waits.then_some(self.due_ms),
            status: self.answer.as_ref().map(|answer| answer.status),
            error: self.error.clone(),
            trigger: self.trigger.clone(),
        }
    }

    /// Whether it is over but for its callback.
    pub fn ended(&self) -> bool {
        matches!(self.state, InvocationState::Done | InvocationState::Dead)
    }

    /// Whether somebody is still to be told.
    pub fn owes_callback(&self) -> bool {
        self.ended() && self.callback.as_ref().is_some_and(|callback| callback.pending)
    }
}

impl RequestHead {
    /// What of a request comes before its body.
    pub fn of<B>(request: &Request<B>) -> Self {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        Self {
            method: request.method().to_string(),
            path: path.to_string(),
            headers: written(request.headers()),
        }
    }

    /// The request with a body.
    pub fn with<B>(&self, body: B) -> Result<Request<B>, http::Error> {
        let mut request =
            Request::builder().method(self.method.as_str()).uri(self.path.as_str()).body(body)?;
        *request.headers_mut() = read(&self.headers);
        Ok(request)
    }

    /// A header's value, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

impl AnswerHead {
    /// What of an answer comes before its body.
    pub fn of<B>(answer: &Response<B>) -> Self {
        Self { status: answer.status().as_u16(), headers: written(answer.headers()) }
    }

    /// The answer with a body.
    pub fn with<B>(&self, body: B) -> Response<B> {
        let mut response = Response::new(body);
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        *response.headers_mut() = read(&self.headers);
        response
    }
}

fn written(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| value.as_bytes().iter().map(|&byte| byte as char).collect();
    headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}

fn read(headers: &[(String, String)]) -> HeaderMap {
    let mut map = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let bytes: Vec<u8> = value.chars().map(|letter| letter as u8).collect();
        let (name, value) = (name.parse::<HeaderName>(), HeaderValue::from_bytes(&bytes));
        if let (Ok(name), Ok(value)) = (name, value) {
            map.append(name, value);
        }
    }
    map
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_answers_are_read_as_they_were_written() {
        let odd = HeaderValue::from_bytes(&[0x41, 0xff, 0x80]).expect("any byte but controls");
        let mut request = Request::builder()
            .method("PATCH")
            .uri("http://box/a/b?c=d")
            .header("x-two", "1")
            .header("x-two", "2")
            .body(())
            .expect("it is a request");
        request.headers_mut().insert("x-odd", odd.clone());
        let text = serde_json::to_string(&RequestHead::of(&request)).expect("plain data");
        let head: RequestHead = serde_json::from_str(&text).expect("its own words");
        let again = head.with(()).expect("it is a request");
        assert_eq!(again.method(), "PATCH");
        assert_eq!(again.uri(), "/a/b?c=d");
        assert_eq!(again.headers(), request.headers());
        assert_eq!(head.header("x-two"), Some("1"));

        let answer = Response::builder().status(207).header("x-odd", odd).body(());
        let answer = answer.expect("it is an answer");
        let again = AnswerHead::of(&answer).with(());
        assert_eq!((again.status(), again.headers()), (answer.status(), answer.headers()));
    }
}
