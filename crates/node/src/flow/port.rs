//! Where other nodes ask about flows: one request for each thing that is said between them.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Router};
use http::StatusCode;
use serde::de::DeserializeOwned;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use swell_link::client::Client;
use swell_link::identity::Identity;
use swell_link::peer::Peer;
use swell_link::purpose::Purpose;
use swell_link::server::{Bounds, serve};

use swell_outlook::board::FlowPlace;

use crate::flow::arriving::Refused;
use crate::flow::check::ITEM_BYTES_MAX;
use crate::flow::errands::Talk;
use crate::flow::feeding::Feed;
use crate::flow::flows::Flows;
use crate::flow::link::Link;
use crate::flow::usage::ASKED_MAX;
use crate::flow::wire::{CHUNK_BYTES, Chunk, ChunkHead, Move, Offer, Seal, parse, path, text};
use crate::settings::FlowLinkSettings;

/// The longest request: a chunk of the longest item there can be.
const REQUEST_MAX: usize = ITEM_BYTES_MAX as usize + 2 * CHUNK_BYTES;

/// A node's door for flows of others, before it is opened.
pub(crate) struct Port {
    listener: TcpListener,
    identity: Identity,
    /// Where it is.
    pub(crate) address: SocketAddr,
}

impl Port {
    /// Takes the address, and reads the certificates.
    pub(crate) async fn bind(settings: &FlowLinkSettings) -> Result<Self, String> {
        let read = |path: &std::path::Path| {
            std::fs::read_to_string(path)
                .map_err(|error| format!("cannot read `{}`: {error}", path.display()))
        };
        let (authority, certificate) = (read(&settings.authority)?, read(&settings.certificate)?);
        let identity = Identity::of_pem(&authority, &certificate, &read(&settings.key)?)
            .map_err(|error| error.to_string())?;
        if identity.purpose() != Purpose::Flow {
            let purpose = identity.purpose().word();
            let path = settings.certificate.display();
            return Err(format!("the certificate `{path}` is for `{purpose}`, not for `flow`"));
        }
        Self::of(identity, settings.listen).await
    }

    /// Takes an address for who is certified so.
    pub(crate) async fn of(identity: Identity, at: SocketAddr) -> Result<Self, String> {
        let taken = |error| format!("cannot listen on {at} for flows of other nodes: {error}");
        let listener = TcpListener::bind(at).await.map_err(taken)?;
        let address = listener.local_addr().map_err(taken)?;
        Ok(Self { listener, identity, address })
    }

    /// The way to other nodes that goes with it.
    pub(crate) fn link(&self) -> Link {
        let client = Client::new(self.identity.clone());
        Link { name: self.identity.name().into(), client, at: self.address }
    }

    /// Where it is, for other nodes.
    pub(crate) fn place(&self) -> FlowPlace {
        FlowPlace { node: self.identity.name().to_string(), at: self.address.to_string() }
    }

    /// Opens it until `stop`.
    pub(crate) fn open(self, flows: Arc<Flows>, stop: CancellationToken) -> JoinHandle<()> {
        let Self { listener, identity, .. } = self;
        tokio::spawn(async move {
            serve(listener, &identity, router(flows), Bounds::default(), stop).await;
        })
    }
}

fn router(flows: Arc<Flows>) -> Router {
    Router::new()
        .route(path::OFFER, post(offer))
        .route(path::ITEMS, post(items))
        .route(path::SEAL, post(seal))
        .route(path::ACTIVATE, post(activate))
        .route(path::ABORT, post(abort))
        .route(path::NEXT, post(next))
        .route(path::PUT, post(put))
        .route(path::FEED, post(feed))
        .route(path::WHERE, post(whereabouts))
        .route(path::USAGE, post(usage))
        .layer(DefaultBodyLimit::max(REQUEST_MAX))
        .with_state(flows)
}

type Node = State<Arc<Flows>>;
type From = Extension<Peer>;

async fn offer(State(flows): Node, Extension(peer): From, body: Bytes) -> Response {
    let offer: Offer = match message(&body) {
        Ok(offer) => offer,
        Err(refused) => return refusal(refused),
    };
    answer(blocking(move || flows.take_offer(&peer.name, offer)).await)
}

async fn items(State(flows): Node, Extension(peer): From, body: Bytes) -> Response {
    let taken = blocking(move || flows.take_items(&peer.name, &chunk(&body)?));
    answer(taken.await)
}

async fn seal(State(flows): Node, Extension(peer): From, body: Bytes) -> Response {
    let taken = blocking(move || flows.take_seal(&peer.name, &message::<Seal>(&body)?));
    answer(taken.await)
}

async fn activate(State(flows): Node, Extension(peer): From, body: Bytes) -> Response {
    let order: Move = match message(&body) {
        Ok(order) => order,
        Err(refused) => return refusal(refused),
    };
    // Carried out to the end, even if the other node is cut off meanwhile.
    let begun = tokio::spawn(async move { flows.begin_here(&peer.name, &order).await });
    answer(begun.await.unwrap_or_else(|error| Err((500, error.to_string()))))
}

async fn abort(State(flows): Node, Extension(peer): From, body: Bytes) -> Response {
    let forgotten = blocking(move || {
        let order = message::<Move>(&body)?;
        flows.forget_offer(&peer.name, &order);
        Ok(())
    });
    answer(forgotten.await)
}

async fn next(State(flows): Node, Extension(peer): From, body: Bytes) -> Response {
    let next = message::<ChunkHead>(&body).and_then(|head| flows.next_of(&peer.name, &head));
    answer(next.map(|next| text(&next)))
}

async fn put(State(flows): Node, Extension(peer): From, body: Bytes) -> Response {
    let chunk = match chunk(&body) {
        Ok(chunk) => chunk,
        Err(refused) => return refusal(refused),
    };
    answer(flows.take_in(&peer.name, &chunk).await.map(|next| text(&next)))
}

async fn feed(State(flows): Node, Extension(peer): From, body: Bytes) -> Response {
    let feed: Feed = match message(&body) {
        Ok(feed) => feed,
        Err(refused) => return refusal(refused),
    };
    // Carried out to the end, even if the other node is cut off meanwhile.
    let fed = tokio::spawn(async move { flows.widen(&peer.name, &feed).await });
    let fed = fed.await.unwrap_or_else(|error| Err((500, error.to_string())));
    answer(fed.map(|fed| text(&fed)))
}

async fn whereabouts(State(flows): Node, Extension(peer): From, body: Bytes) -> Response {
    let talk: Talk = match message(&body) {
        Ok(talk) => talk,
        Err(refused) => return refusal(refused),
    };
    answer(flows.hear(&peer.name, talk).await.map(|known| text(&known)))
}

async fn usage(State(flows): Node, body: Bytes) -> Response {
    let asked = message::<BTreeSet<String>>(&body).and_then(|names| match names.len() {
        ..=ASKED_MAX => Ok(names),
        _ => Err((400, format!("more than {ASKED_MAX} functions at a time"))),
    });
    let look = |names| flows.sampler.look(&flows.parts.registry, flows.parts.memory, &names);
    answer(asked.map(|names| text(&look(names))))
}

fn message<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    parse(body).map_err(|error| (400, format!("the request makes no sense: {error}")))
}

fn chunk(body: &[u8]) -> Result<Chunk, Refused> {
    Chunk::decode(body).map_err(|error| (400, error.to_string()))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refused> + Send + 'static,
) -> Result<T, Refused> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err((500, format!("the work broke off: {error}"))))
}

fn answer(result: Result<impl IntoResponse, Refused>) -> Response {
    result.map_or_else(refusal, IntoResponse::into_response)
}

fn refusal((status, reason): Refused) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, reason).into_response()
}
