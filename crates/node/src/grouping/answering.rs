//! What a node answers to others that share contents with it: how it is, and calls that they
//! pass on. And asks them how they are.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use axum::body::Body as Answer;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, post};
use axum::{Extension, Json, Router};
use bytes::Bytes;
use http::Request;
use http::uri::PathAndQuery;
use http_body_util::BodyExt;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use swell_link::client::{Address, Client};
use swell_link::peer::Peer;

use crate::gateway::call::below;
use crate::grouping::cloning;
use crate::grouping::groups::Grouping;
use crate::grouping::notice::Notice;
use crate::grouping::passing::{JOINS, PATH, WORKLOAD};
use crate::grouping::tally::Tally;

/// Where a node tells of itself.
const NOTICE: &str = "/notice";
/// The longest notice.
const NOTICE_BYTES_MAX: usize = 8 << 20;
/// How often others are asked, and how long they may take.
const ASKED: Duration = Duration::from_secs(1);
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// What others may ask, on the port where messages of contents come.
pub fn routes(grouping: &Arc<Grouping>) -> Router {
    Router::new()
        .route(NOTICE, post(notice))
        .route(cloning::PATH, post(cloning::asked))
        .route(&format!("{PATH}/{{function}}"), any(call))
        .route(&format!("{PATH}/{{function}}/"), any(call))
        .route(&format!("{PATH}/{{function}}/{{*rest}}"), any(call_below))
        .with_state(Arc::downgrade(grouping))
}

async fn notice(State(grouping): State<Weak<Grouping>>) -> Response {
    match grouping.upgrade() {
        Some(grouping) => Json(grouping.notice().as_ref()).into_response(),
        None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

async fn call_below(
    state: State<Weak<Grouping>>,
    peer: Extension<Peer>,
    Path((function, _)): Path<(String, String)>,
    request: Request<Answer>,
) -> Response {
    call(state, peer, Path(function), request).await
}

async fn call(
    State(grouping): State<Weak<Grouping>>,
    Extension(peer): Extension<Peer>,
    Path(function): Path<String>,
    mut request: Request<Answer>,
) -> Response {
    let grouping = grouping.upgrade();
    let callee = grouping.as_ref().and_then(|grouping| Some((grouping, grouping.callee.get()?)));
    let Some((grouping, callee)) = callee else {
        return (StatusCode::SERVICE_UNAVAILABLE, "this node is coming up").into_response();
    };
    Tally::add(&grouping.tally.taken);
    let headers = request.headers_mut();
    let joins = headers.remove(JOINS).is_some();
    let workload = headers.remove(WORKLOAD);
    if let Some(workload) = workload.as_ref().and_then(|workload| workload.to_str().ok()) {
        grouping.ran(workload, joins.then_some(peer.name.as_str()));
    }
    let prefix = PATH.len() + 1 + function.len();
    let path = below(&plain(request.uri()), prefix);
    *request.uri_mut() = path;
    let request = request.map(|body| body.map_err(Into::into).boxed_unsync());
    let answer = callee.run(&function, request).await;
    answer.map(Answer::new)
}

/// A URI without scheme and host, which over HTTP/2 it has.
fn plain(uri: &Uri) -> Uri {
    let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    path.parse().unwrap_or_else(|_| Uri::from_static("/"))
}

/// Asks the others how they are, again and again until `stop`.
pub async fn ask(grouping: Weak<Grouping>, client: Client, stop: CancellationToken) {
    let mut learning: Option<JoinHandle<()>> = None;
    let mut again = tokio::time::interval(ASKED);
    again.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = again.tick() => {}
            () = stop.cancelled() => return,
        }
        let Some(asking) = grouping.upgrade() else { return };
        asking.refresh();
        asking.tell_mind();
        asking.relocate();
        // Aside, as the data store may be slow.
        if learning.as_ref().is_none_or(JoinHandle::is_finished) {
            let learner = asking.clone();
            learning = Some(tokio::spawn(async move { learner.learn_lengths().await }));
        }
        for peer in asking.peers() {
            tokio::spawn(ask_one(grouping.clone(), client.clone(), peer));
        }
    }
}

async fn ask_one(grouping: Weak<Grouping>, client: Client, peer: Address) {
    let began = Instant::now();
    let asked = client.post(&peer, NOTICE, Bytes::new(), NOTICE_BYTES_MAX, ANSWER_MAX).await;
    let Some(grouping) = grouping.upgrade() else { return };
    match asked.map(|answer| serde_json::from_slice::<Notice>(&answer)) {
        Ok(Ok(notice)) => {
            let took = began.elapsed();
            grouping.neighbours.tell(&peer.name, notice, took, Instant::now());
        }
        Ok(Err(error)) => tracing::warn!(node = %peer.name, %error, "a node tells nonsense"),
        Err(error) => tracing::debug!(%error, "a node does not tell how it is"),
    }
}
