//! A client of one node's gateway and API, made for many calls at once.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use swell_api::problem::Problem;

use crate::error::Letter;
use crate::rig::tally::Went;

const START: HeaderName = HeaderName::from_static("x-swell-start");
const AUTHORIZATION: HeaderName = HeaderName::from_static("authorization");

/// A client of a node.
#[derive(Clone)]
pub struct Client {
    http: HyperClient<HttpConnector, Full<Bytes>>,
    node: String,
    token: Option<String>,
}

impl Client {
    /// A client of the node at this address, such as `http://127.0.0.1:7070`.
    pub fn new(node: &str, token: Option<String>) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(Duration::from_secs(10)));
        let http = HyperClient::builder(TokioExecutor::new()).build(connector);
        Self { http, node: node.trim_end_matches('/').to_string(), token }
    }

    /// The node's address.
    pub fn node(&self) -> &str {
        &self.node
    }

    /// Asks the API; anything but success is a letter.
    pub async fn api(
        &self,
        method: Method,
        path: &str,
        body: impl Into<Bytes>,
    ) -> Result<Bytes, Letter> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.node));
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.header("content-type", "application/json");
        let request = request.body(Full::new(body.into()));
        let request = request.map_err(|error| Letter::usage(format!("not a request: {error}")))?;
        let unreachable = |error: String| {
            Letter::failed(format!("no node answers at {}: {error}", self.node))
                .hint("start one with `swell up`")
        };
        let response =
            self.http.request(request).await.map_err(|error| unreachable(error.to_string()))?;
        let status = response.status();
        let body = response.into_body().collect().await;
        let body = body.map_err(|error| unreachable(error.to_string()))?.to_bytes();
        if status.is_success() {
            return Ok(body);
        }
        Err(refused(status, &body))
    }

    /// Calls a function, and reads the answer to its end.
    pub async fn call(&self, path: &str, run: Option<&str>) -> Went {
        let mut request = Request::get(format!("{}{path}", self.node));
        if let Some(run) = run {
            request = request.header("swell-run-us", run);
        }
        let Ok(request) = request.body(Full::default()) else { return Went::Broken };
        let Ok(response) = self.http.request(request).await else { return Went::Broken };
        let status = response.status();
        let start = response.headers().get(START).cloned();
        if response.into_body().collect().await.is_err() {
            return Went::Broken;
        }
        match start.as_ref().map(|start| start.as_bytes()) {
            Some(b"warm") if status.is_success() => Went::Warm,
            Some(b"cold") if status.is_success() => Went::Cold,
            Some(_) if status.is_success() => Went::Delayed,
            _ => Went::Refused(status.as_u16()),
        }
    }
}

fn refused(status: StatusCode, body: &[u8]) -> Letter {
    match serde_json::from_slice::<Problem>(body) {
        Ok(problem) => {
            let text = match problem.detail {
                Some(detail) => format!("{}: {detail}", problem.title),
                None => problem.title,
            };
            let letter = Letter::failed(text);
            match problem.hint {
                Some(hint) => letter.hint(hint),
                None => letter,
            }
        }
        Err(_) => Letter::failed(format!("the node answered with {status}")),
    }
}
