//! The connections that send the load: HTTP/1.1, kept open, one request at a time each.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderName, Request};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::cmd::bench::pace::Pace;
use crate::cmd::bench::tally::Tally;
use crate::cmd::bench::target::Target;

/// The header in which a node tells how a request met its instance.
const START: HeaderName = HeaderName::from_static("x-swell-start");

/// Pause of a connection that was refused, so that a server that is away is not flooded.
const REFUSED_PAUSE: Duration = Duration::from_millis(20);

/// The longest text of metrics that is read.
const METRICS_BYTES_MAX: usize = 64 << 20;

/// How the load is sent.
#[derive(Debug, Clone)]
pub struct Load {
    /// What is sent, and where to.
    pub target: Arc<Target>,
    /// When.
    pub pace: Arc<Pace>,
    /// Connections.
    pub connections: u16,
    /// How long an answer may take.
    pub timeout: Duration,
}

impl Load {
    /// Sends it all. When `stop` becomes true, requests under way are given up.
    pub async fn run(&self, stop: &watch::Receiver<bool>) -> Tally {
        let mut lines = JoinSet::new();
        for _ in 0..self.connections {
            lines.spawn(work(self.clone(), stop.clone()));
        }
        let mut whole = Tally::default();
        while let Some(part) = lines.join_next().await {
            whole.merge(&part.expect("a connection's task does not panic"));
        }
        whole
    }
}

async fn work(load: Load, mut stop: watch::Receiver<bool>) -> Tally {
    let mut tally = Tally::default();
    let mut line = Line { target: load.target.clone(), sender: None };
    loop {
        let due = tokio::select! {
            due = load.pace.next() => due,
            _ = stop.wait_for(|stop| *stop) => None,
        };
        let Some(due) = due else {
            return tally;
        };
        let answer = tokio::select! {
            answer = timeout(load.timeout, line.exchange()) => answer,
            _ = stop.wait_for(|stop| *stop) => return tally,
        };
        match answer.unwrap_or(Err(Failure::Late)) {
            Ok(answer) => {
                let start = answer.start.as_ref().and_then(|value| value.to_str().ok());
                let latency = due.elapsed();
                tally.answered(answer.status, start.unwrap_or(""), answer.bytes, latency);
            }
            Err(failure) => {
                line.sender = None;
                tally.failed(&failure.to_string());
                if matches!(failure, Failure::Connect(_)) {
                    sleep(REFUSED_PAUSE).await;
                }
            }
        }
    }
}

/// What `/metrics` of the target's server says, if it says anything.
pub async fn metrics(target: &Target, patience: Duration) -> Option<String> {
    let mut line = Line { target: Arc::new(target.metrics()), sender: None };
    let reading = async {
        let answer = line.send().await.ok()?;
        let (head, body) = answer.into_parts();
        let body = http_body_util::Limited::new(body, METRICS_BYTES_MAX).collect().await.ok()?;
        head.status.is_success().then(|| String::from_utf8_lossy(&body.to_bytes()).into_owned())
    };
    timeout(patience, reading).await.ok()?
}

struct Line {
    target: Arc<Target>,
    sender: Option<SendRequest<Full<Bytes>>>,
}

struct Answer {
    status: u16,
    start: Option<http::HeaderValue>,
    bytes: u64,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("cannot connect: {0}")]
    Connect(std::io::Error),
    #[error("no answer in time")]
    Late,
    #[error("connection lost: {0}")]
    Lost(hyper::Error),
}

impl Line {
    /// A request and its whole answer.
    async fn exchange(&mut self) -> Result<Answer, Failure> {
        let answer = self.send().await?;
        let (status, start) = (answer.status().as_u16(), answer.headers().get(START).cloned());
        let mut body = answer.into_body();
        let mut bytes = 0;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(Failure::Lost)?;
            bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
        Ok(Answer { status, start, bytes })
    }

    async fn send(&mut self) -> Result<http::Response<Incoming>, Failure> {
        let mut request = Request::new(Full::new(self.target.body.clone()));
        *request.method_mut() = self.target.method.clone();
        *request.uri_mut() = self.target.path.clone();
        *request.headers_mut() = self.target.headers.clone();
        let sender = self.ready().await?;
        sender.send_request(request).await.map_err(Failure::Lost)
    }

    /// The connection; a new one if there is none, or if the server ended it between
    /// requests, as it may.
    async fn ready(&mut self) -> Result<&mut SendRequest<Full<Bytes>>, Failure> {
        let usable = match &mut self.sender {
            Some(sender) => sender.ready().await.is_ok(),
            None => false,
        };
        if !usable {
            let stream =
                TcpStream::connect(&self.target.connect).await.map_err(Failure::Connect)?;
            stream.set_nodelay(true).map_err(Failure::Connect)?;
            let (sender, connection) =
                http1::handshake(TokioIo::new(stream)).await.map_err(Failure::Lost)?;
            // Its errors reach whoever waits for an answer on it.
            tokio::spawn(connection);
            self.sender = Some(sender);
        }
        Ok(self.sender.as_mut().expect("it was just made"))
    }
}

/// For how long the load ran.
pub async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let began = Instant::now();
    let result = work.await;
    (result, began.elapsed())
}
