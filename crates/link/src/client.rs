//! The asking end: one connection to each peer, opened when it is needed and again when it
//! broke.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use parking_lot::Mutex;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::error::LinkError;
use crate::identity::Identity;

/// How long a connection may take to stand.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// How long a peer that could not be reached is left alone: who calls meanwhile hears at
/// once what the last try came to.
const REST: Duration = Duration::from_millis(200);

/// How often a silent peer is asked whether it is there, and how long it may take to say so.
const ALIVE: Duration = Duration::from_secs(5);

/// A peer and where it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// The name its certificate has.
    pub name: String,
    /// Host and port.
    pub at: String,
}

/// Calls peers that are certified for the purpose of its identity.
#[derive(Clone)]
pub struct Client {
    identity: Identity,
    lines: Arc<Mutex<BTreeMap<Address, Arc<tokio::sync::Mutex<Line>>>>>,
}

/// The connection to one peer.
#[derive(Default)]
struct Line {
    sender: Option<SendRequest<Full<Bytes>>>,
    failed: Option<(Instant, LinkError)>,
}

impl Client {
    /// A client that is `identity` to its peers.
    #[must_use]
    pub fn new(identity: Identity) -> Self {
        Self { identity, lines: Arc::default() }
    }

    /// Posts `body` to `path` of the peer `to` and gives what a 2xx answer holds, of at most
    /// `limit` bytes, all within `deadline`.
    pub async fn post(
        &self,
        to: &Address,
        path: &str,
        body: Bytes,
        limit: usize,
        deadline: Duration,
    ) -> Result<Bytes, LinkError> {
        let request = Request::post(self.uri(to, path))
            .body(Full::new(body))
            .map_err(|error| LinkError::Unusable(format!("`{path}` is no path: {error}")))?;
        let exchange = async {
            let answer = self.send(to, request).await?;
            let status = answer.status();
            let body = collect(to, answer.into_body(), limit).await?;
            if status.is_success() {
                return Ok(body);
            }
            let reason = String::from_utf8_lossy(&body).into_owned();
            Err(LinkError::Refused { peer: to.name.clone(), status: status.as_u16(), reason })
        };
        let ended = tokio::time::timeout(deadline, exchange).await;
        ended.unwrap_or_else(|_| Err(LinkError::Late(to.name.clone())))
    }

    /// Sends a request, whose URI is of [`Client::uri`], to the peer `to`: for bodies that
    /// are streamed. The caller keeps the deadline.
    pub async fn send(
        &self,
        to: &Address,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, LinkError> {
        let mut sender = self.sender(to).await?;
        let unsent = |error: &hyper::Error| LinkError::Unreachable {
            peer: to.name.clone(),
            address: to.at.clone(),
            reason: with_causes(error),
        };
        sender.ready().await.map_err(|error| unsent(&error))?;
        sender.try_send_request(request).await.map_err(|mut failed| {
            // A request that comes back was not sent.
            if failed.take_message().is_some() {
                return unsent(failed.error());
            }
            LinkError::Broken { peer: to.name.clone(), reason: with_causes(failed.error()) }
        })
    }

    /// The URI of `path` (with its query) at the peer `to`.
    #[must_use]
    pub fn uri(&self, to: &Address, path: &str) -> String {
        format!("https://{}{path}", self.identity.purpose().host(&to.name))
    }

    /// Closes the connection to a peer that left or moved.
    pub fn forget(&self, peer: &Address) {
        self.lines.lock().remove(peer);
    }

    async fn sender(&self, to: &Address) -> Result<SendRequest<Full<Bytes>>, LinkError> {
        let line = self.lines.lock().entry(to.clone()).or_default().clone();
        let mut line = line.lock().await;
        if let Some(sender) = &line.sender
            && !sender.is_closed()
        {
            return Ok(sender.clone());
        }
        if let Some((at, error)) = &line.failed
            && at.elapsed() < REST
        {
            return Err(error.clone());
        }
        let connected = tokio::time::timeout(CONNECT_MAX, self.connect(to)).await;
        let connected = connected.unwrap_or_else(|_| Err("it does not answer".to_owned()));
        match connected {
            Ok(sender) => {
                *line = Line { sender: Some(sender.clone()), failed: None };
                Ok(sender)
            }
            Err(reason) => {
                let (peer, address) = (to.name.clone(), to.at.clone());
                let error = LinkError::Unreachable { peer, address, reason };
                *line = Line { sender: None, failed: Some((Instant::now(), error.clone())) };
                Err(error)
            }
        }
    }

    async fn connect(&self, to: &Address) -> Result<SendRequest<Full<Bytes>>, String> {
        let host = self.identity.purpose().host(&to.name);
        let host = ServerName::try_from(host).map_err(|error| error.to_string())?;
        let stream = TcpStream::connect(&to.at).await.map_err(|error| error.to_string())?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        let connector = TlsConnector::from(self.identity.client.clone());
        let stream = connector.connect(host, stream).await.map_err(|error| with_causes(&error))?;
        let (sender, connection) = Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(ALIVE)
            .keep_alive_timeout(ALIVE)
            .keep_alive_while_idle(true)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| with_causes(&error))?;
        let peer = to.name.clone();
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(peer, %error, "the connection to a peer broke");
            }
        });
        Ok(sender)
    }
}

async fn collect(to: &Address, body: Incoming, limit: usize) -> Result<Bytes, LinkError> {
    let peer = to.name.clone();
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(LinkError::TooLong { peer, limit }),
        Err(error) => Err(LinkError::Broken { peer, reason: with_causes(&*error) }),
    }
}

/// An error and what is behind it, in one line: hyper hides the cause in its source.
fn with_causes(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        line = format!("{line}: {inner}");
        cause = inner.source();
    }
    line
}
