//! The port of a node for other nodes of its site.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Json, Router};
use http::StatusCode;
use swell_link::identity::Identity;
use swell_link::peer::Peer;
use swell_link::server::{Bounds, serve};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::io::ReaderStream;
use tokio_util::sync::CancellationToken;

use crate::nodes::seat::Seat;
use crate::nodes::wire::{CODE, LEAVE, MESSAGE_MAX, REPORT, Reported};
use crate::sites::bundle::Ask;
use crate::sites::reach::listening;
use crate::store::code::CodeFolder;

/// Calls under way from one node at a time; more wait there.
const CALLS_MAX: u32 = 4_096;

/// Opens it.
pub async fn open(
    identity: Identity,
    (interface, at): (IpAddr, &str),
    router: Router,
    stop: CancellationToken,
) -> Result<JoinHandle<()>, String> {
    let address = listening(interface, at)?;
    let listener = TcpListener::bind(address).await;
    let listener = listener.map_err(|error| {
        format!("cannot listen on {address} for other nodes of this site: {error}")
    })?;
    let bounds = Bounds { requests_max: CALLS_MAX, ..Bounds::default() };
    Ok(tokio::spawn(async move { serve(listener, &identity, router, bounds, stop).await }))
}

/// What only the seat answers.
#[derive(Clone)]
struct Counter {
    seat: Arc<Seat>,
    code: Arc<CodeFolder>,
}

/// What the seat answers to the other nodes of its site, besides calls.
pub fn routes(seat: Arc<Seat>, code: Arc<CodeFolder>) -> Router {
    Router::new()
        .route(REPORT, post(report))
        .route(CODE, post(give))
        .route(LEAVE, post(leave))
        .layer(DefaultBodyLimit::max(MESSAGE_MAX))
        .with_state(Counter { seat, code })
}

async fn report(
    State(counter): State<Counter>,
    Extension(peer): Extension<Peer>,
    said: Bytes,
) -> Response {
    let reported: Reported = match serde_json::from_slice(&said) {
        Ok(reported) => reported,
        Err(error) => return odd(&error),
    };
    match counter.seat.hear(&peer.name, reported) {
        Ok(told) => Json(told).into_response(),
        Err(unheard) => unheard.into_response(),
    }
}

async fn leave(State(counter): State<Counter>, Extension(peer): Extension<Peer>) -> Response {
    let node = match counter.seat.node_of(&peer.name) {
        Ok(node) => node,
        Err(unheard) => return unheard.into_response(),
    };
    match tokio::task::spawn_blocking(move || counter.seat.dismiss(&node)).await {
        Ok(Ok(_)) => StatusCode::OK.into_response(),
        Ok(Err(error)) => broken(&error),
        Err(error) => broken(&error),
    }
}

async fn give(
    State(counter): State<Counter>,
    Extension(peer): Extension<Peer>,
    asked: Bytes,
) -> Response {
    if let Err(unheard) = counter.seat.node_of(&peer.name) {
        return unheard.into_response();
    }
    let ask: Ask = match serde_json::from_slice(&asked) {
        Ok(ask) => ask,
        Err(error) => return odd(&error),
    };
    let missing = || (StatusCode::NOT_FOUND, "that code is not here").into_response();
    let Some(path) = counter.code.path(&ask.name) else { return missing() };
    match tokio::fs::File::open(path).await {
        Ok(file) => Response::new(Body::from_stream(ReaderStream::new(file))),
        Err(_) => missing(),
    }
}

fn odd(error: &dyn std::fmt::Display) -> Response {
    (StatusCode::BAD_REQUEST, format!("it cannot be read: {error}")).into_response()
}

fn broken(error: &dyn std::fmt::Display) -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response()
}
