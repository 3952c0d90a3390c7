//! The way from this node to others for flows.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::RwLock;
use swell_link::client::{Address, Client};
use swell_link::error::LinkError;

use crate::flow::wire::Elsewhere;

/// The longest answer.
const ANSWER_MAX: usize = 64 << 10;
/// How long the other node may take for a request, besides waiting for room.
const ANSWER_IN: Duration = Duration::from_secs(10);

/// How nodes reach each other for flows.
#[derive(Clone)]
pub struct Link {
    /// The name of this node.
    pub name: Arc<str>,
    /// Calls the others.
    pub client: Client,
}

impl Link {
    /// Asks another node for something that it answers within bounds.
    pub(crate) async fn ask(
        &self,
        to: &Elsewhere,
        path: &str,
        body: impl Into<Bytes>,
        wait: Duration,
    ) -> Result<Bytes, LinkError> {
        let to = Address { name: to.node.clone(), at: to.at.clone() };
        self.client.post(&to, path, body.into(), ANSWER_MAX, ANSWER_IN + wait).await
    }
}

/// The way from this node to others, once it has one: of its settings, or as a site.
#[derive(Default)]
pub struct Links(RwLock<Option<Link>>);

impl Links {
    /// The way, if there is one now.
    pub fn get(&self) -> Option<Link> {
        self.0.read().clone()
    }

    /// There is one from now on, or none any more.
    pub fn set(&self, link: Option<Link>) {
        *self.0.write() = link;
    }
}
