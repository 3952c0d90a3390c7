//! Spans on their way to a collector, over OTLP/HTTP with JSON.
//!
//! A request only puts its call into a bounded list; a background task takes the list
//! from time to time and posts it. A collector that is slow or away costs memory up to
//! the bound and a count of what was lost, never a request's time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{sleep, timeout};

use crate::observe::endpoint::{EndpointError, traces_uri};
use crate::observe::gauges::Gauges;
use crate::observe::span::{CallTrace, export_request, span_count};

/// Calls that may wait to be posted.
const CALLS_MAX: usize = 8_192;
/// Calls in one post.
const BATCH_MAX: usize = 512;
/// How long a call waits for others to be posted with it.
const GATHER: Duration = Duration::from_millis(500);
/// How long a collector may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// The first and the longest pause after a failed post.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// The longest answer that is read.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// Takes calls and posts their spans.
#[derive(Debug)]
pub struct Spans {
    shared: Arc<Shared>,
    flush: mpsc::Sender<oneshot::Sender<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    calls: Mutex<Vec<CallTrace>>,
    /// There are calls; or there are enough for a post.
    filled: Notify,
    exported: AtomicU64,
    dropped: AtomicU64,
}

impl Spans {
    /// Begins to send to the collector at `endpoint`, whose path for traces is `/v1/traces`
    /// below it. Call it where tokio runs.
    pub fn start(endpoint: &str) -> Result<Arc<Self>, EndpointError> {
        let uri = traces_uri(endpoint)?;
        let shared = Arc::<Shared>::default();
        let (flush, asked) = mpsc::channel(1);
        let client = Client::builder(TokioExecutor::new()).build_http();
        let poster = Poster { shared: shared.clone(), client, uri, pause: Duration::ZERO };
        tokio::spawn(poster.run(asked));
        Ok(Arc::new(Self { shared, flush }))
    }

    /// A call has ended. Those whose context says that it is not recorded are ignored.
    pub fn record(&self, call: CallTrace) {
        if call.context.recorded {
            self.shared.put(call);
        }
    }

    /// Posts what waits, for instance before the node ends, and waits for that.
    pub async fn flush(&self) {
        let (done, is_done) = oneshot::channel();
        if self.flush.send(done).await.is_ok() {
            // An error says that the task is gone, and with it all that waited.
            let _ = is_done.await;
        }
    }

    /// Writes what it knows into the figures of a scrape.
    pub fn fill(&self, gauges: &mut Gauges) {
        gauges.spans_exported = self.shared.exported.load(Ordering::Relaxed);
        gauges.spans_dropped = self.shared.dropped.load(Ordering::Relaxed);
    }
}

impl Shared {
    fn put(&self, call: CallTrace) {
        let mut calls = self.calls.lock();
        if calls.len() >= CALLS_MAX {
            drop(calls);
            self.lose(span_count(&call));
            return;
        }
        calls.push(call);
        let count = calls.len();
        drop(calls);
        if count == 1 || count == BATCH_MAX {
            self.filled.notify_one();
        }
    }

    fn lose(&self, spans: u64) {
        self.dropped.fetch_add(spans, Ordering::Relaxed);
    }
}

struct Poster {
    shared: Arc<Shared>,
    client: Client<HttpConnector, Full<Bytes>>,
    uri: Uri,
    /// How long to pause after the next failure; zero while all is well.
    pause: Duration,
}

impl Poster {
    async fn run(mut self, mut asked: mpsc::Receiver<oneshot::Sender<()>>) {
        loop {
            let mut done = None;
            tokio::select! {
                () = self.shared.filled.notified() => {
                    tokio::select! {
                        () = sleep(GATHER) => {}
                        () = self.shared.filled.notified() => {}
                        asking = asked.recv() => done = asking,
                    }
                }
                asking = asked.recv() => {
                    let Some(asking) = asking else {
                        return;
                    };
                    done = Some(asking);
                }
            }
            let well = self.post_all().await;
            if let Some(done) = done {
                // Who asked may have lost patience.
                let _ = done.send(());
            }
            if !well {
                self.rest(&mut asked).await;
            }
        }
    }

    /// Posts all calls that wait; after a failure the rest is lost.
    async fn post_all(&mut self) -> bool {
        let calls = std::mem::take(&mut *self.shared.calls.lock());
        let mut batches = calls.chunks(BATCH_MAX);
        while let Some(batch) = batches.next() {
            match self.post(batch).await {
                Ok(()) => {
                    if self.pause > Duration::ZERO {
                        tracing::info!(collector = %self.uri, "traces arrive again");
                    }
                    self.pause = Duration::ZERO;
                }
                Err(reason) => {
                    if self.pause == Duration::ZERO {
                        tracing::warn!(collector = %self.uri, reason, "traces do not arrive");
                    }
                    let lost = batch.iter().chain(batches.flatten());
                    self.shared.lose(lost.map(span_count).sum());
                    return false;
                }
            }
        }
        true
    }

    async fn post(&self, calls: &[CallTrace]) -> Result<(), String> {
        let (body, count) = export_request(calls);
        let request = Request::post(self.uri.clone())
            .header(CONTENT_TYPE, "application/json")
            .body(Full::from(body.to_string()))
            .expect("the address was checked");
        let exchange = async {
            let answer = self.client.request(request).await.map_err(|error| chain(&error))?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
            let body = body.map_err(|error| error.to_string())?.to_bytes();
            if status.is_success() { Ok(body) } else { Err(format!("it answered {status}")) }
        };
        let answer = timeout(ANSWER_MAX, exchange).await;
        let answer = answer.unwrap_or_else(|_| Err("it did not answer in time".to_string()))?;
        let rejected = rejected(&answer).min(count);
        self.shared.exported.fetch_add(count - rejected, Ordering::Relaxed);
        self.shared.lose(rejected);
        Ok(())
    }

    /// Leaves the collector in peace for a while, longer each time, unless somebody asks for
    /// what waits to be posted.
    async fn rest(&mut self, asked: &mut mpsc::Receiver<oneshot::Sender<()>>) {
        let (first, longest) = PAUSES;
        self.pause = (self.pause * 2).clamp(first, longest);
        tokio::select! {
            () = sleep(self.pause) => {}
            asking = asked.recv() => {
                if let Some(done) = asking {
                    self.post_all().await;
                    let _ = done.send(());
                }
            }
        }
    }
}

/// Spans that a collector took the post but not them (`partialSuccess`).
fn rejected(answer: &[u8]) -> u64 {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    match &answer["partialSuccess"]["rejectedSpans"] {
        Value::Number(count) => count.as_u64().unwrap_or(0),
        // 64-bit numbers are strings in the JSON of protocol buffers.
        Value::String(count) => count.parse().unwrap_or(0),
        _ => 0,
    }
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::extract::State;
    use axum::http::{HeaderMap, StatusCode};
    use axum::routing::post;
    use serde_json::json;
    use swell_core::action::StartKind;
    use tokio::net::TcpListener;
    use tokio::sync::mpsc::UnboundedSender;

    use super::*;
    use crate::observe::span::tests::{call, served};
    use crate::observe::trace_context::TraceContext;

    type Posted = (HeaderMap, Value);

    #[derive(Clone)]
    struct Collector {
        posted: UnboundedSender<Posted>,
        answer: (StatusCode, Value),
    }

    async fn take(
        State(collector): State<Collector>,
        headers: HeaderMap,
        body: String,
    ) -> (StatusCode, String) {
        let body = serde_json::from_str(&body).expect("JSON");
        collector.posted.send((headers, body)).expect("the test listens");
        (collector.answer.0, collector.answer.1.to_string())
    }

    /// A collector that answers like this, its address, and what it was posted.
    async fn collector(
        status: StatusCode,
        answer: Value,
    ) -> (String, mpsc::UnboundedReceiver<Posted>) {
        let (posted, received) = mpsc::unbounded_channel();
        let state = Collector { posted, answer: (status, answer) };
        let router = Router::new().route("/v1/traces", post(take)).with_state(state);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        tokio::spawn(async move { axum::serve(listener, router).await });
        (format!("http://{address}/"), received)
    }

    fn warm() -> CallTrace {
        call(served(StartKind::Warm, None), Duration::ZERO)
    }

    fn counts(spans: &Spans) -> (u64, u64) {
        let mut gauges = Gauges::default();
        spans.fill(&mut gauges);
        (gauges.spans_exported, gauges.spans_dropped)
    }

    #[tokio::test]
    async fn spans_arrive_by_themselves() {
        let (address, mut posts) = collector(StatusCode::OK, json!({})).await;
        let spans = Spans::start(&address).expect("a fine address");
        spans.record(warm());
        let (headers, body) = posts.recv().await.expect("a post");
        assert_eq!(headers["content-type"], "application/json");
        let posted = &body["resourceSpans"][0]["scopeSpans"][0]["spans"];
        assert_eq!(posted.as_array().map(Vec::len), Some(2));
        spans.flush().await;
        assert_eq!(counts(&spans), (2, 0));
    }

    #[tokio::test]
    async fn a_flush_posts_in_batches_at_once() {
        let (address, mut posts) = collector(StatusCode::OK, json!({})).await;
        let spans = Spans::start(&address).expect("a fine address");
        for _ in 0..BATCH_MAX + 1 {
            spans.record(warm());
        }
        spans.flush().await;
        assert_eq!(counts(&spans), (2 * BATCH_MAX as u64 + 2, 0));
        let length = |body: &Value| {
            body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().map_or(0, Vec::len)
        };
        let mut seen = 0;
        while let Ok((_, body)) = posts.try_recv() {
            assert!(length(&body) <= 2 * BATCH_MAX);
            seen += length(&body);
        }
        assert_eq!(seen, 2 * BATCH_MAX + 2);
    }

    #[tokio::test]
    async fn what_the_collector_refuses_is_counted() {
        let partial = json!({ "partialSuccess": { "rejectedSpans": "1" } });
        for (status, answer, expected) in [
            (StatusCode::OK, partial, (1, 1)),
            (StatusCode::OK, json!("no object"), (2, 0)),
            (StatusCode::SERVICE_UNAVAILABLE, json!({}), (0, 2)),
            (StatusCode::BAD_REQUEST, json!({}), (0, 2)),
        ] {
            let (address, _posts) = collector(status, answer).await;
            let spans = Spans::start(&address).expect("a fine address");
            spans.record(warm());
            spans.flush().await;
            assert_eq!(counts(&spans), expected, "{status}");
        }
    }

    #[tokio::test]
    async fn a_collector_that_is_away_costs_a_count() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = format!("http://{}", listener.local_addr().expect("it is bound"));
        drop(listener);
        let spans = Spans::start(&address).expect("a fine address");
        for _ in 0..CALLS_MAX + 3 {
            spans.record(warm());
        }
        assert_eq!(counts(&spans), (0, 6));
        spans.flush().await;
        assert_eq!(counts(&spans), (0, 2 * CALLS_MAX as u64 + 6));
        spans.record(warm());
        spans.flush().await;
        assert_eq!(counts(&spans), (0, 2 * CALLS_MAX as u64 + 8));
    }

    #[tokio::test]
    async fn what_is_not_to_be_recorded_is_not() {
        let (address, mut posts) = collector(StatusCode::OK, json!({})).await;
        let spans = Spans::start(&address).expect("a fine address");
        spans.record(CallTrace { context: TraceContext::begin(false), ..warm() });
        spans.flush().await;
        assert_eq!(counts(&spans), (0, 0));
        assert!(posts.try_recv().is_err());
    }
}
