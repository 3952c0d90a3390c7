//! Passes calls to other nodes over mutually authenticated links, and answers back.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response};
use http_body_util::{BodyExt, Full};

use swell_link::client::{Address, Client};
use swell_link::error::LinkError;
use swell_sandbox::body::Body;

use crate::gateway::headers::{FORWARDED_FOR, strip_hop_by_hop};
use crate::grouping::groups::{Grouping, Way};
use crate::grouping::tally::Tally;

/// Below which functions are called over links.
pub const PATH: &str = "/call";
/// The workload in whose name a call comes.
pub const WORKLOAD: HeaderName = HeaderName::from_static("x-swell-workload");
/// Whether the node that runs it joins the group by it.
pub const JOINS: HeaderName = HeaderName::from_static("x-swell-joins");
/// The node that ran a call, in its answer.
pub const NODE: HeaderName = HeaderName::from_static("x-swell-node");
/// In the answer to a call that did not get to its function: it may be made elsewhere.
pub const UNTRIED: HeaderName = HeaderName::from_static("x-swell-untried");
/// How much longer than its function's timeout a call may take on the way.
pub const SLACK: Duration = Duration::from_secs(5);

/// A call with its whole body.
#[derive(Debug, Clone)]
pub struct Whole {
    /// Its method.
    pub method: Method,
    /// Path and query, as the function sees them.
    pub path: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

/// Sends a call to another node, and gives its answer as one of this node.
pub async fn send(
    client: &Client,
    to: &Address,
    path: &str,
    call: &Whole,
    more: Vec<(HeaderName, HeaderValue)>,
    client_at: Option<SocketAddr>,
) -> Result<Response<Body>, LinkError> {
    let uri = client.uri(to, &format!("{path}{}", call.path));
    let mut request = Request::new(Full::new(call.body.clone()));
    *request.method_mut() = call.method.clone();
    let odd = |error| LinkError::Unusable(format!("`{}` is no path: {error}", call.path));
    *request.uri_mut() = uri.parse().map_err(odd)?;
    *request.headers_mut() = call.headers.clone();
    let headers = request.headers_mut();
    strip_hop_by_hop(headers);
    headers.remove(http::header::HOST);
    headers.extend(more.into_iter().map(|(name, value)| (Some(name), value)));
    if let Some(address) = client_at
        && let Ok(address) = HeaderValue::from_str(&address.ip().to_string())
    {
        headers.append(FORWARDED_FOR, address);
    }
    let mut answer = client.send(to, request).await?;
    strip_hop_by_hop(answer.headers_mut());
    Ok(answer.map(|body| body.map_err(Into::into).boxed_unsync()))
}

impl Grouping {
    /// Passes a call on. None, if it surely reached nobody: it can run here then.
    pub async fn pass_on(
        &self,
        way: &Way,
        function: &str,
        call: &Whole,
        client_at: Option<SocketAddr>,
        timeout: Duration,
    ) -> Option<Result<Response<Body>, LinkError>> {
        let client = self.parts.client.as_ref()?;
        let to = self.address(&way.node)?;
        let _passed = self.neighbours.pass(&way.node)?;
        let mut more = vec![(WORKLOAD, HeaderValue::from_str(&way.workload).ok()?)];
        more.extend(way.joins.then(|| (JOINS, HeaderValue::from_static("yes"))));
        let path = format!("{PATH}/{function}");
        let sent = send(client, &to, &path, call, more, client_at);
        let asked = tokio::time::timeout(timeout + SLACK, sent).await;
        match asked {
            Ok(Ok(mut answer)) => {
                Tally::add(&self.tally.passed);
                if let Ok(node) = HeaderValue::from_str(&way.node) {
                    answer.headers_mut().insert(NODE, node);
                }
                Some(Ok(answer))
            }
            Ok(Err(error)) => {
                tracing::info!(node = %way.node, %error, "a call does not get to another node");
                Tally::add(&self.tally.lost);
                self.neighbours.lost(&way.node);
                (!error.is_harmless()).then_some(Err(error))
            }
            Err(_) => {
                Tally::add(&self.tally.lost);
                Some(Err(LinkError::Late(way.node.clone())))
            }
        }
    }

    /// Where a node is.
    fn address(&self, node: &str) -> Option<Address> {
        self.peers().into_iter().find(|peer| peer.name == node)
    }
}
