//! A node, as its client sees it: one method for each thing the API can do.

use std::io::{BufRead, BufReader, Read};

use serde::Serialize;
use serde::de::DeserializeOwned;
use swell_api::flow::{Flow, FlowChange, FlowDeployed, FlowPlan, FlowSpec, Migrate};
use swell_api::function::{Change, Code, Deployed, Function, Rollback, Share, Version};
use swell_api::instance::Instance;
use swell_api::invocation::{Invocation, InvocationState};
use swell_api::log::LogLine;
use swell_api::node::Node;
use swell_api::plan::PlanStep;
use swell_api::spec::FunctionSpec;
use ureq::http::{Method, Request, Response, StatusCode, Uri};
use ureq::{Agent, Body, SendBody};

use crate::client::connection::Connection;
use crate::client::failure::{is_fine, refused, senseless, unreached};
use crate::error::Letter;

/// The longest JSON document accepted from a node; ten thousand functions are a tenth.
const DOCUMENT_BYTES_MAX: u64 = 256 << 20;

/// Bytes from which on a node is asked whether it wants a body before that is sent. One that
/// refuses it unread closes the connection, and its reason would be lost in the rush.
const ASKED: usize = 1 << 20;
const CONTINUE: &str = "100-continue";

/// A node.
pub struct NodeClient {
    connection: Connection,
    agent: Agent,
}

impl NodeClient {
    /// A client of the node there. Nothing is sent yet.
    pub fn new(connection: Connection) -> Result<Self, Letter> {
        let agent = connection.agent()?;
        Ok(Self { connection, agent })
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.connection.url
    }

    /// All functions.
    pub fn functions(&self) -> Result<Vec<Function>, Letter> {
        self.get("functions", "/v1/functions")
    }

    /// One function.
    pub fn function(&self, name: &str) -> Result<Function, Letter> {
        self.get("the function", &format!("/v1/functions/{}", escaped(name)))
    }

    /// Deploys; `wait` is for the version to serve.
    pub fn deploy(&self, spec: &FunctionSpec, wait: bool) -> Result<Deployed, Letter> {
        let query = if wait { "" } else { "?wait=false" };
        let path = format!("/v1/functions/{}{query}", escaped(&spec.name));
        self.send("the deployment", Method::PUT, &path, spec)
    }

    /// Changes what makes no new version.
    pub fn change(&self, name: &str, change: &Change) -> Result<Function, Letter> {
        let path = format!("/v1/functions/{}", escaped(name));
        self.send("the function", Method::PATCH, &path, change)
    }

    /// Removes a function.
    pub fn remove(&self, name: &str) -> Result<(), Letter> {
        self.delete(&format!("/v1/functions/{}", escaped(name)))
    }

    /// Versions of a function.
    pub fn versions(&self, name: &str) -> Result<Vec<Version>, Letter> {
        self.get("versions", &format!("/v1/functions/{}/versions", escaped(name)))
    }

    /// Gives all traffic to a version, or to the one that led before.
    pub fn roll_back(&self, name: &str, version: Option<u32>) -> Result<Function, Letter> {
        let path = format!("/v1/functions/{}/rollback", escaped(name));
        self.send("the function", Method::POST, &path, &Rollback { version })
    }

    /// Shares traffic.
    pub fn share(&self, name: &str, shares: &[Share]) -> Result<Function, Letter> {
        let path = format!("/v1/functions/{}/traffic", escaped(name));
        self.send("the function", Method::PUT, &path, shares)
    }

    /// Whether it has that code.
    pub fn has_code(&self, digest: &str) -> Result<bool, Letter> {
        let request = Request::head(self.uri(&format!("/v1/code/{digest}"))?);
        let answer = self.run(self.request(request, SendBody::none())?)?;
        match answer.status() {
            StatusCode::NOT_FOUND => Ok(false),
            status if is_fine(status) => Ok(true),
            _ => Err(refused(answer)),
        }
    }

    /// Gives it code.
    pub fn upload(&self, code: &[u8]) -> Result<Code, Letter> {
        let mut code = code;
        let length = code.len();
        let request = Request::post(self.uri("/v1/code")?)
            .header("content-type", "application/wasm")
            .header("content-length", length);
        let request = if length >= ASKED { request.header("expect", CONTINUE) } else { request };
        let answer = self.run(self.request(request, SendBody::from_reader(&mut code))?)?;
        self.read("the code", answer)
    }

    /// What deploying would change.
    pub fn plan(&self, specs: &[FunctionSpec], prune: bool) -> Result<Vec<PlanStep>, Letter> {
        let query = if prune { "?prune=true" } else { "" };
        self.send("the plan", Method::POST, &format!("/v1/plan{query}"), specs)
    }

    /// All flows.
    pub fn flows(&self) -> Result<Vec<Flow>, Letter> {
        self.get("flows", "/v1/flows")
    }

    /// One flow.
    pub fn flow(&self, name: &str) -> Result<Flow, Letter> {
        self.get("the flow", &format!("/v1/flows/{}", escaped(name)))
    }

    /// Deploys a flow.
    pub fn deploy_flow(&self, spec: &FlowSpec) -> Result<FlowDeployed, Letter> {
        let path = format!("/v1/flows/{}", escaped(&spec.name));
        self.send("the deployment", Method::PUT, &path, spec)
    }

    /// Removes a flow; with `discard` also one with items in it.
    pub fn remove_flow(&self, name: &str, discard: bool) -> Result<(), Letter> {
        let query = if discard { "?discard=true" } else { "" };
        self.delete(&format!("/v1/flows/{}{query}", escaped(name)))
    }

    /// Freezes, unfreezes, pins or unpins a flow.
    pub fn change_flow(&self, name: &str, change: &FlowChange) -> Result<Flow, Letter> {
        self.send("the flow", Method::PATCH, &format!("/v1/flows/{}", escaped(name)), change)
    }

    /// Lets another function own a flow.
    pub fn migrate_flow(&self, name: &str, order: &Migrate) -> Result<Flow, Letter> {
        let path = format!("/v1/flows/{}/migrate", escaped(name));
        self.send("the flow", Method::POST, &path, order)
    }

    /// What deploying flows would change.
    pub fn plan_flows(&self, plan: &FlowPlan, prune: bool) -> Result<Vec<PlanStep>, Letter> {
        let query = if prune { "?prune=true" } else { "" };
        self.send("the plan", Method::POST, &format!("/v1/flow-plan{query}"), plan)
    }

    /// Instances, of one function or of all.
    pub fn instances(&self, function: Option<&str>) -> Result<Vec<Instance>, Letter> {
        let query = query(&[("function", function.map(escaped))]);
        self.get("instances", &format!("/v1/instances{query}"))
    }

    /// The node itself.
    pub fn node(&self) -> Result<Node, Letter> {
        self.get("itself", "/v1/node")
    }

    /// The journal so far.
    pub fn journal(&self) -> Result<impl Read + use<>, Letter> {
        self.recorded("/v1/journal")
    }

    /// Forecasts of the last hours, and what came.
    pub fn forecast_record(&self) -> Result<impl Read + use<>, Letter> {
        self.recorded("/v1/forecast-record")
    }

    fn recorded(&self, path: &str) -> Result<impl Read + use<>, Letter> {
        let request = Request::get(self.uri(path)?);
        let answer = self.run(self.request(request, SendBody::none())?)?;
        if !is_fine(answer.status()) {
            return Err(refused(answer));
        }
        Ok(answer.into_body().into_with_config().limit(u64::MAX).reader())
    }

    /// Log lines that are kept.
    pub fn logs(&self, question: &LogQuestion<'_>) -> Result<Vec<LogLine>, Letter> {
        self.get("log lines", &format!("/v1/logs{}", question.query(false)))
    }

    /// Log lines as they come; ends when the node does.
    pub fn follow_logs(
        &self,
        question: &LogQuestion<'_>,
    ) -> Result<impl Iterator<Item = Result<LogLine, Letter>> + use<>, Letter> {
        let request = Request::get(self.uri(&format!("/v1/logs{}", question.query(true)))?);
        let answer = self.run(self.request(request, SendBody::none())?)?;
        if !is_fine(answer.status()) {
            return Err(refused(answer));
        }
        let url = self.connection.url.clone();
        let reader = answer.into_body().into_with_config().limit(u64::MAX).reader();
        let lines = BufReader::new(reader).lines();
        Ok(lines.map(move |line| {
            let line = line.map_err(|error| unreached(&url, &error.into()))?;
            serde_json::from_str(&line).map_err(|error| senseless("log lines", &error))
        }))
    }

    /// Asynchronous calls.
    pub fn invocations(
        &self,
        state: Option<InvocationState>,
        function: Option<&str>,
        limit: Option<usize>,
    ) -> Result<Vec<Invocation>, Letter> {
        let query = query(&[
            ("state", state.map(|state| word(&state))),
            ("function", function.map(escaped)),
            ("limit", limit.map(|limit| limit.to_string())),
        ]);
        self.get("calls", &format!("/v1/invocations{query}"))
    }

    /// An asynchronous call.
    pub fn invocation(&self, id: &str) -> Result<Invocation, Letter> {
        self.get("the call", &format!("/v1/invocations/{}", escaped(id)))
    }

    /// The answer of an asynchronous call, whatever its status.
    pub fn result(&self, id: &str) -> Result<Response<Body>, Letter> {
        let path = format!("/v1/invocations/{}/result", escaped(id));
        let request = Request::get(self.uri(&path)?);
        self.run(self.request(request, SendBody::none())?)
    }

    /// Tries a dead letter again.
    pub fn replay(&self, id: &str) -> Result<Invocation, Letter> {
        let path = format!("/v1/invocations/{}/replay", escaped(id));
        let request = Request::post(self.uri(&path)?);
        let answer = self.run(self.request(request, SendBody::none())?)?;
        self.read("the call", answer)
    }

    /// Forgets an asynchronous call.
    pub fn discard(&self, id: &str) -> Result<(), Letter> {
        self.delete(&format!("/v1/invocations/{}", escaped(id)))
    }

    /// Calls a function (or anything else there) with a body of this length, if that is
    /// known; the answer may have any status.
    pub fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(String, String)],
        length: Option<usize>,
        body: SendBody<'_>,
    ) -> Result<Response<Body>, Letter> {
        let mut request = Request::builder().method(method).uri(self.uri(path)?);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let given = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("expect"));
        if !given && length.is_some_and(|length| length >= ASKED) {
            request = request.header("expect", CONTINUE);
        }
        self.run(self.request(request, body)?)
    }

    pub(super) fn get<T: DeserializeOwned>(&self, what: &str, path: &str) -> Result<T, Letter> {
        let request = Request::get(self.uri(path)?);
        let answer = self.run(self.request(request, SendBody::none())?)?;
        self.read(what, answer)
    }

    pub(super) fn send<T: DeserializeOwned>(
        &self,
        what: &str,
        method: Method,
        path: &str,
        value: &(impl Serialize + ?Sized),
    ) -> Result<T, Letter> {
        let text = serde_json::to_vec(value).expect("the API's words are plain data");
        let request = Request::builder()
            .method(method)
            .uri(self.uri(path)?)
            .header("content-type", "application/json")
            .header("content-length", text.len());
        let answer = self.run(self.request(request, SendBody::from_reader(&mut &text[..]))?)?;
        self.read(what, answer)
    }

    pub(super) fn delete(&self, path: &str) -> Result<(), Letter> {
        let request = Request::delete(self.uri(path)?);
        let answer = self.run(self.request(request, SendBody::none())?)?;
        if is_fine(answer.status()) { Ok(()) } else { Err(refused(answer)) }
    }

    pub(super) fn read<T: DeserializeOwned>(
        &self,
        what: &str,
        mut answer: Response<Body>,
    ) -> Result<T, Letter> {
        if !is_fine(answer.status()) {
            return Err(refused(answer));
        }
        let body = answer.body_mut().with_config().limit(DOCUMENT_BYTES_MAX);
        body.read_json().map_err(|error| match error {
            ureq::Error::Json(error) => senseless(what, &error),
            error => unreached(&self.connection.url, &error),
        })
    }

    pub(super) fn uri(&self, path: &str) -> Result<Uri, Letter> {
        let text = format!("{}{path}", self.connection.url);
        text.parse()
            .map_err(|error| Letter::usage(format!("`{text}` is no address of a node: {error}")))
    }

    pub(super) fn request<'a>(
        &self,
        mut request: ureq::http::request::Builder,
        body: SendBody<'a>,
    ) -> Result<Request<SendBody<'a>>, Letter> {
        if let Some(token) = &self.connection.token {
            let given = request.headers_ref().is_some_and(|own| own.contains_key("authorization"));
            if !given {
                request = request.header("authorization", format!("Bearer {token}"));
            }
        }
        request.body(body).map_err(|error| {
            Letter::usage(format!("such a request cannot be sent: {error}"))
                .hint("check the method, the headers and the token")
        })
    }

    pub(super) fn run(&self, request: Request<SendBody<'_>>) -> Result<Response<Body>, Letter> {
        self.agent.run(request).map_err(|error| unreached(&self.connection.url, &error))
    }
}

/// Which log lines.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogQuestion<'a> {
    /// Only those of this function.
    pub function: Option<&'a str>,
    /// Only those with a number above this.
    pub since: Option<u64>,
    /// Only the newest so many of those that are kept.
    pub tail: Option<usize>,
}

impl LogQuestion<'_> {
    fn query(&self, follow: bool) -> String {
        query(&[
            ("function", self.function.map(escaped)),
            ("since", self.since.map(|since| since.to_string())),
            ("tail", self.tail.map(|tail| tail.to_string())),
            ("follow", follow.then(|| "true".to_string())),
        ])
    }
}

/// The word by which the API calls a value of one of its enumerations.
pub fn word(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).expect("the API's words are plain data");
    value.as_str().unwrap_or_default().to_string()
}

pub(super) fn query(pairs: &[(&str, Option<String>)]) -> String {
    let given = pairs.iter().filter_map(|(key, value)| Some(format!("{key}={}", value.as_ref()?)));
    let joined = given.collect::<Vec<_>>().join("&");
    if joined.is_empty() { joined } else { format!("?{joined}") }
}

/// A text as a part of a path or a query.
pub fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if plain(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_and_questions_put_together() {
        assert_eq!(escaped("a b/ü"), "a%20b%2F%C3%BC");
        assert_eq!(query(&[("a", None)]), "");
        assert_eq!(query(&[("a", Some("1".into())), ("b", Some("2".into()))]), "?a=1&b=2");
        assert_eq!(word(&InvocationState::Dead), "dead");
    }
}
