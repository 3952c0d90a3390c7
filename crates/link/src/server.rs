//! The answering end: takes connections of peers that are certified for the purpose, within
//! bounds, and hands their requests to a router.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::identity::Identity;
use crate::peer::Peer;

/// How long a peer may take to agree on keys.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// How long to wait when the machine has no socket to give.
const PAUSE: Duration = Duration::from_millis(50);

/// How often a silent peer is asked whether it is there, and how long it may take to say so.
const ALIVE: Duration = Duration::from_secs(5);

/// How much a server takes at once.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Connections at a time; more wait to be accepted.
    pub connections_max: usize,
    /// Requests under way in one connection; more wait at the peer.
    pub requests_max: u32,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { connections_max: 256, requests_max: 256 }
    }
}

/// Serves `router` to peers certified for the purpose of `identity` until `stop`; requests
/// carry their [`Peer`] among their extensions. Connections under way are cut at the end:
/// peers make their calls again.
pub async fn serve(
    listener: TcpListener,
    identity: &Identity,
    router: Router,
    bounds: Bounds,
    stop: CancellationToken,
) {
    let acceptor = TlsAcceptor::from(identity.server.clone());
    let places = Arc::new(Semaphore::new(bounds.connections_max));
    loop {
        let place = tokio::select! {
            place = places.clone().acquire_owned() => place.expect("it is never closed"),
            () = stop.cancelled() => return,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        let (stream, from) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection of a peer");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let (acceptor, router, stop) = (acceptor.clone(), router.clone(), stop.clone());
        let purpose = identity.purpose();
        tokio::spawn(async move {
            let _place = place;
            let handshake = tokio::time::timeout(HANDSHAKE_MAX, handshake(stream, &acceptor));
            let stream = match handshake.await {
                Ok(Ok(stream)) => stream,
                Ok(Err(error)) => return tracing::warn!(%from, %error, "a peer is not trusted"),
                Err(_) => return tracing::debug!(%from, "a peer took too long to agree on keys"),
            };
            let certificates = stream.get_ref().1.peer_certificates();
            let certificate = certificates.and_then(|chain| chain.first());
            match certificate.and_then(|one| Peer::for_purpose(one, purpose)) {
                Some(peer) => tokio::select! {
                    () = speak(stream, peer, router, bounds) => {}
                    () = stop.cancelled() => {}
                },
                None => {
                    let purpose = purpose.word();
                    tracing::warn!(%from, purpose, "a peer is certified for something else");
                }
            }
        });
    }
}

type Stream = tokio_rustls::server::TlsStream<TcpStream>;

async fn handshake(stream: TcpStream, acceptor: &TlsAcceptor) -> std::io::Result<Stream> {
    stream.set_nodelay(true)?;
    acceptor.accept(stream).await
}

async fn speak(stream: Stream, peer: Peer, router: Router, bounds: Bounds) {
    let name = peer.name.clone();
    let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(peer.clone());
        router.clone().oneshot(request)
    });
    let mut builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(bounds.requests_max)
        .keep_alive_interval(ALIVE)
        .keep_alive_timeout(ALIVE);
    if let Err(error) = builder.serve_connection(TokioIo::new(stream), service).await {
        // Peers are restarted all the time.
        tracing::debug!(peer = name, %error, "a connection of a peer ended early");
    }
}
