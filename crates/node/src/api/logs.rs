//! Lines that guests wrote: those that are kept, and, where asked for, those to come.

use std::collections::VecDeque;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http_body::Frame;
use serde::Deserialize;
use tokio::sync::mpsc;
use utoipa::IntoParams;

use swell_api::log::LogLine;

use crate::api::context::{ApiContext, LogSource};
use crate::api::reply::{Answer, Asked};

/// Lines that are read at a time.
const PAGE: usize = 500;
/// Lines that an answer has, unless it asks for fewer.
const LINES_MAX: usize = 10_000;

/// Which lines.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LogsQuery {
    /// Only those of this function.
    function: Option<String>,
    /// Only those with a number above this.
    since: Option<u64>,
    /// Only the newest so many of those that are kept; at most 10,000.
    tail: Option<usize>,
    /// Whether to go on with lines to come, without end.
    follow: Option<bool>,
}

/// Lines that guests wrote, oldest first: as an array, or, with `follow`, as a stream of
/// JSON values, one a line, that ends with the node.
#[utoipa::path(get, path = "/v1/logs", tag = "node", params(LogsQuery), responses(
    (status = 200, description = "The lines.", content(
        (Vec<LogLine> = "application/json"),
        (LogLine = "application/x-ndjson"),
    )),
    (status = 400, description = "The query makes no sense."),
))]
pub async fn show(
    State(context): State<Arc<ApiContext>>,
    Asked(query): Asked<LogsQuery>,
) -> Answer<Response> {
    let tail = query.tail.unwrap_or(LINES_MAX).min(LINES_MAX);
    let (since, function) = (query.since.unwrap_or(0), query.function);
    let (lines, last) = newest(&*context.logs, since, function.as_deref(), tail);
    if query.follow != Some(true) {
        return Ok(Json(lines).into_response());
    }
    // The channel is short: who reads slowly waits, and what the ring then forgets shows
    // as a gap in the numbers.
    let (sender, receiver) = mpsc::channel(4);
    tokio::spawn(follow(context, lines, last, function, sender));
    let body = Body::new(Lines { receiver });
    Ok(([(CONTENT_TYPE, "application/x-ndjson")], body).into_response())
}

/// The newest `tail` of the lines with a number above `since`, and the number of the last.
fn newest(
    logs: &dyn LogSource,
    since: u64,
    function: Option<&str>,
    tail: usize,
) -> (Vec<LogLine>, u64) {
    let (mut kept, mut last) = (VecDeque::new(), since);
    loop {
        let page = logs.since(last, function, PAGE);
        let Some(end) = page.last() else { break };
        last = end.number;
        let full = page.len() == PAGE;
        kept.extend(page);
        kept.drain(..kept.len().saturating_sub(tail));
        if !full {
            break;
        }
    }
    (kept.into(), last)
}

/// Sends lines as they come, until nobody reads them or the node goes down.
async fn follow(
    context: Arc<ApiContext>,
    mut lines: Vec<LogLine>,
    mut last: u64,
    function: Option<String>,
    sender: mpsc::Sender<Bytes>,
) {
    let changed = context.logs.changed();
    loop {
        if !lines.is_empty() && sender.send(text(&lines)).await.is_err() {
            return;
        }
        let mut news = pin!(changed.notified());
        // From here on no news is missed, so what is read next leaves no gap.
        news.as_mut().enable();
        lines = context.logs.since(last, function.as_deref(), PAGE);
        if let Some(end) = lines.last() {
            last = end.number;
            continue;
        }
        tokio::select! {
            () = news => {}
            () = sender.closed() => return,
            () = context.stopping.cancelled() => return,
        }
    }
}

/// One line of JSON for each.
fn text(lines: &[LogLine]) -> Bytes {
    let mut text = Vec::new();
    for line in lines {
        serde_json::to_writer(&mut text, line).expect("a line is plain data");
        text.push(b'\n');
    }
    text.into()
}

/// What the sender sends, as a body.
struct Lines {
    receiver: mpsc::Receiver<Bytes>,
}

impl http_body::Body for Lines {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.receiver.poll_recv(context).map(|chunk| chunk.map(|chunk| Ok(Frame::data(chunk))))
    }
}
