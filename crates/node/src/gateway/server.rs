//! Sockets: accepting them, speaking HTTP on them, and letting them finish at the end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::gateway::context::Gateway;
use crate::gateway::lingering::Lingering;
use crate::gateway::service;
use crate::gateway::stalled::impatient;

/// How long a client may take to send the head of a request.
const HEAD_MAX: Duration = Duration::from_secs(30);

/// How long a client may take to agree on keys.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// How long to wait when the machine has no socket to give.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves until `stop`, then lets what is under way finish for up to `drain`.
pub(crate) async fn run(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    gateway: Arc<Gateway>,
    stop: CancellationToken,
    drain: Duration,
) {
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (gateway, tls) = (gateway.clone(), tls.clone());
                tokio::spawn(connection(stream, peer, tls, gateway, graceful.watcher()));
            }
            Err(error) if of_the_client(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    gateway.stopping.store(true, Ordering::Relaxed);
    if tokio::time::timeout(drain, graceful.shutdown()).await.is_err() {
        let left = gateway.in_flight.load(Ordering::Relaxed);
        tracing::warn!(left, "some requests did not finish in time and are cut off");
    }
}

/// Whether the client went away while it was being accepted.
fn of_the_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    gateway: Arc<Gateway>,
    watcher: Watcher,
) {
    // Small answers go out at once; a socket that refuses is closing anyway.
    let _ = stream.set_nodelay(true);
    let stream = impatient(Lingering::new(stream));
    match tls {
        None => speak(stream, peer, gateway, watcher).await,
        Some(tls) => {
            let handshake = tokio::time::timeout(HANDSHAKE_MAX, tls.accept(stream)).await;
            if let Ok(Ok(stream)) = handshake {
                speak(stream, peer, gateway, watcher).await;
            }
        }
    }
}

async fn speak<S>(stream: S, peer: SocketAddr, gateway: Arc<Gateway>, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_MAX);
    builder.http2().timer(TokioTimer::new());
    let service = service_fn(move |request| service::serve(gateway.clone(), peer, request));
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection.into_owned()).await {
        // Clients leave in the middle all the time.
        tracing::debug!(%peer, %error, "a connection ended early");
    }
}
