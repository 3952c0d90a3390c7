//! Messages to other nodes over mutually authenticated links, many in one request.
//!
//! A message that finds no room, or whose peer cannot be reached, is lost: the protocol asks
//! again. Requests to one peer do not wait for each other, so a large copy holds nobody up.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::Extension;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::routing::post;
use bytes::BytesMut;
use parking_lot::RwLock;
use swell_core::cachegroup::names::NodeId;
use swell_link::client::{Address, Client};
use swell_link::identity::Identity;
use swell_link::peer::Peer;
use swell_link::server::{Bounds, serve};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

use crate::carrier::Carrier;
use crate::contents::Contents;
use crate::naming::node_of;
use crate::parcel::Parcel;

/// Where messages are posted. The number changes with their form: those of a program that has
/// another are lost, and never misread.
const PATH: &str = "/content/messages/2";
/// Messages that wait for a connection to one peer.
const OUTBOX_MAX: usize = 4096;
/// Requests to one peer at a time.
const REQUESTS_MAX: usize = 32;
/// From which length on no more messages are put into a request.
const BODY_BYTES: usize = 1 << 20;
/// The longest answer to one.
const ANSWER_BYTES_MAX: usize = 1 << 10;
/// How long one request may take.
const REQUEST_MAX: Duration = Duration::from_secs(10);

/// Messages to peers.
pub struct Links {
    client: Client,
    name: String,
    lines: RwLock<BTreeMap<NodeId, Line>>,
}

/// The way to one peer.
struct Line {
    at: Address,
    outbox: mpsc::Sender<Parcel>,
    thread: tokio::task::JoinHandle<()>,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.thread.abort();
    }
}

impl Links {
    /// Links to these peers, which are opened when there is something to say.
    pub fn open(identity: &Identity, peers: &[Address]) -> Arc<Self> {
        let (client, name) = (Client::new(identity.clone()), identity.name().to_string());
        let links = Self { client, name, lines: RwLock::default() };
        peers.iter().for_each(|peer| links.meet(peer));
        Arc::new(links)
    }

    /// A peer is there, or has moved there.
    pub fn meet(&self, peer: &Address) {
        let (node, mut lines) = (node_of(&peer.name), self.lines.write());
        if peer.name == self.name || lines.get(&node).is_some_and(|line| line.at == *peer) {
            return;
        }
        let (outbox, waiting) = mpsc::channel(OUTBOX_MAX);
        let thread = tokio::spawn(post_all(self.client.clone(), peer.clone(), waiting));
        lines.insert(node, Line { at: peer.clone(), outbox, thread });
    }

    /// Ends them.
    pub fn close(&self) {
        self.lines.write().clear();
    }
}

impl Carrier for Links {
    fn send(&self, parcel: Parcel) {
        let to = parcel.envelope.to;
        match self.lines.read().get(&to) {
            Some(line) if line.outbox.try_send(parcel).is_err() => {
                tracing::debug!(to = to.0, "a message finds no room and is lost");
            }
            Some(_) => {}
            None => tracing::debug!(to = to.0, "a message to a node that is no peer"),
        }
    }
}

async fn post_all(client: Client, peer: Address, mut waiting: mpsc::Receiver<Parcel>) {
    let places = Arc::new(Semaphore::new(REQUESTS_MAX));
    while let Some(first) = waiting.recv().await {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let mut body = BytesMut::with_capacity(first.length());
        first.write(&mut body);
        while body.len() < BODY_BYTES
            && let Ok(next) = waiting.try_recv()
        {
            next.write(&mut body);
        }
        let (client, peer) = (client.clone(), peer.clone());
        tokio::spawn(async move {
            let body = body.freeze();
            let posted = client.post(&peer, PATH, body, ANSWER_BYTES_MAX, REQUEST_MAX).await;
            if let Err(error) = posted {
                tracing::debug!(%error, "messages to a peer are lost");
            }
            drop(place);
        });
    }
}

/// Takes messages of peers until `stop`, and what else they may ask by `routes`.
pub async fn listen(
    listener: TcpListener,
    identity: Identity,
    contents: &Arc<Contents>,
    routes: Router,
    stop: CancellationToken,
) {
    // The longest content, its head, and as many small messages as go with it.
    let most = contents.body_bytes_max() as usize + 2 * BODY_BYTES;
    let router = Router::new()
        .route(PATH, post(take))
        .layer(DefaultBodyLimit::max(most))
        .with_state(Arc::downgrade(contents))
        .merge(routes);
    serve(listener, &identity, router, Bounds::default(), stop).await;
}

async fn take(
    State(contents): State<Weak<Contents>>,
    Extension(peer): Extension<Peer>,
    body: Bytes,
) -> StatusCode {
    let Some(contents) = contents.upgrade() else { return StatusCode::SERVICE_UNAVAILABLE };
    let Some(parcels) = Parcel::read_all(body) else { return StatusCode::BAD_REQUEST };
    let from = node_of(&peer.name);
    // Nobody speaks for another.
    if parcels.iter().any(|parcel| parcel.envelope.from != from) {
        return StatusCode::FORBIDDEN;
    }
    for parcel in parcels {
        contents.receive(parcel);
    }
    StatusCode::NO_CONTENT
}
