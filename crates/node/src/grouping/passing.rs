//! Passes calls to other nodes over mutually authenticated links, and answers back.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response};
use http_body_util::{BodyExt, Full};

use swell_link::client::Address;
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
const SLACK: Duration = Duration::from_secs(5);

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
        let uri = client.uri(&to, &format!("{PATH}/{function}{}", call.path));
        let mut request = Request::new(Full::new(call.body.clone()));
        *request.method_mut() = call.method.clone();
        *request.uri_mut() = uri.parse().ok()?;
        *request.headers_mut() = call.headers.clone();
        let headers = request.headers_mut();
        strip_hop_by_hop(headers);
        headers.remove(http::header::HOST);
        headers.insert(WORKLOAD, HeaderValue::from_str(&way.workload).ok()?);
        if way.joins {
            headers.insert(JOINS, HeaderValue::from_static("yes"));
        }
        if let Some(address) = client_at
            && let Ok(address) = HeaderValue::from_str(&address.ip().to_string())
        {
            headers.append(FORWARDED_FOR, address);
        }
        let asked = tokio::time::timeout(timeout + SLACK, client.send(&to, request)).await;
        match asked {
            Ok(Ok(answer)) => {
                Tally::add(&self.tally.passed);
                let mut answer = answer.map(|body| body.map_err(Into::into).boxed_unsync());
                strip_hop_by_hop(answer.headers_mut());
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
