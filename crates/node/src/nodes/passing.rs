//! Calls that a node of a site passes to another one with more room. Whoever gets one serves it, so
//! none is passed twice.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Response};
use swell_link::client::{Address, Client};
use swell_link::error::LinkError;
use swell_sandbox::body::Body;

use crate::grouping::passing::{NODE, SLACK, UNTRIED, Whole, send};
use crate::nodes::fellows::{Fellows, Passed};
use crate::nodes::wire::{CALL, named};

/// A call that goes to another node of the site.
pub struct Leaving {
    /// Who carries it.
    pub client: Client,
    /// The nodes.
    pub fellows: Arc<Fellows>,
    /// Where it goes.
    pub to: Address,
    /// What that is called at its site.
    pub node: String,
    /// It counts as one that is there, as long as this is.
    pub passed: Passed,
}

impl Leaving {
    /// Passes the call. None, if it surely did not get to its function: it can run here then.
    pub async fn pass(
        self,
        function: &str,
        call: &Whole,
        client_at: Option<SocketAddr>,
        timeout: Duration,
    ) -> Option<Result<Response<Body>, LinkError>> {
        let Self { client, fellows, to, node, passed } = self;
        let path = format!("{CALL}/{function}");
        let sent = send(&client, &to, &path, call, Vec::new(), client_at);
        let asked = tokio::time::timeout(timeout + SLACK, sent).await;
        drop(passed);
        match asked {
            Ok(Ok(mut answer)) => {
                if answer.headers_mut().remove(UNTRIED).is_some() {
                    return None;
                }
                if let Ok(node) = HeaderValue::from_str(&node) {
                    answer.headers_mut().insert(NODE, node);
                }
                Some(Ok(answer))
            }
            Ok(Err(error)) => {
                tracing::info!(%node, %error, "a call does not get to a node of the site");
                fellows.missed(&to.name);
                (!error.is_harmless()).then(|| Err(named(error, &node)))
            }
            Err(_) => Some(Err(LinkError::Late(node))),
        }
    }
}
