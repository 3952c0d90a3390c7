//! Clones on other nodes: the mind hears which of them make clones of what, a node that has no
//! room asks one of them, and is asked.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use swell_core::ids::FunctionId;
use swell_core::nearby::{NODES_MAX, NearNode};
use swell_core::units::Bytes as Memory;
use swell_link::client::Client;
use swell_link::peer::Peer;

use crate::grouping::groups::{Grouping, Parts};
use crate::grouping::neighbours::Neighbour;
use crate::grouping::notice::near_id;
use crate::live::ask::Ask;

/// Where a node is asked for clones.
pub const PATH: &str = "/clones";
/// How long a node may take to answer, and how much it may say.
const ANSWER_MAX: Duration = Duration::from_secs(2);
const ANSWER_BYTES_MAX: usize = 1 << 12;
/// Nodes that may wait to be asked.
const WAITING_MAX: usize = 256;

/// What a node asks another for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    function: String,
    count: u32,
    lasting_ms: u64,
    /// In millionths of a use per second of holding an instance.
    worth: u64,
    bid: u64,
}

/// What it has or makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Promised {
    count: u32,
}

impl Grouping {
    /// Tells the mind which nodes make clones, if that is no longer what it knows.
    pub(crate) fn tell_mind(&self) {
        let Parts { registry, live, .. } = &self.parts;
        let id = |name: &str| registry.get(name).map(|function| function.leading().id);
        let fresh = self.neighbours.fresh(Instant::now());
        let near = |(name, neighbour): (&String, &Neighbour)| {
            let notice = &neighbour.notice;
            let cloned = notice.functions.iter().filter(|(_, served)| served.clones);
            let mut functions: Vec<FunctionId> = cloned.filter_map(|(name, _)| id(name)).collect();
            functions.sort_unstable();
            let distance = live.clock.span(neighbour.round_trip / 2);
            NearNode::told(near_id(name), Memory::new(notice.clone_bytes), distance, functions)
        };
        let nodes: Vec<NearNode> = fresh.iter().filter_map(near).take(NODES_MAX).collect();
        let mut known = self.near.lock();
        if *known != nodes {
            known.clone_from(&nodes);
            live.tell_nearby(nodes);
        }
    }

    /// What the mind asks others for is carried from now on, until `stop`.
    pub(crate) fn carry(self: &Arc<Self>, client: Client, stop: CancellationToken) {
        let (asks, wanted) = mpsc::channel(WAITING_MAX);
        // It is told once.
        let _ = self.parts.live.asks.set(asks);
        tokio::spawn(carry(Arc::downgrade(self), client, wanted, stop));
    }
}

async fn carry(
    grouping: Weak<Grouping>,
    client: Client,
    mut wanted: mpsc::Receiver<Ask>,
    stop: CancellationToken,
) {
    loop {
        let ask = tokio::select! {
            () = stop.cancelled() => return,
            ask = wanted.recv() => ask,
        };
        let (Some(ask), Some(asking)) = (ask, grouping.upgrade()) else { return };
        let client = client.clone();
        tokio::spawn(async move {
            let promised = ask_one(&asking, &client, &ask).await;
            asking.parts.live.promised(&ask, promised.unwrap_or(0));
        });
    }
}

async fn ask_one(grouping: &Grouping, client: &Client, ask: &Ask) -> Option<u32> {
    let peer = grouping.peers().into_iter().find(|peer| near_id(&peer.name) == ask.node)?;
    let Ask { version, count, lasting, worth, bid, .. } = ask;
    let asked = Asked {
        function: version.name.to_string(),
        count: *count,
        lasting_ms: lasting.as_millis() as u64,
        worth: *worth,
        bid: *bid,
    };
    let body = serde_json::to_vec(&asked).ok()?;
    match client.post(&peer, PATH, body.into(), ANSWER_BYTES_MAX, ANSWER_MAX).await {
        Ok(answer) => {
            let promised: Promised = serde_json::from_slice(&answer).ok()?;
            let (function, node, count) = (&asked.function, &peer.name, promised.count);
            tracing::info!(function, node, count, "another node makes clones");
            Some(promised.count)
        }
        Err(error) => {
            tracing::debug!(node = %peer.name, %error, "a node does not make clones");
            None
        }
    }
}

/// Another node asks for clones.
pub(crate) async fn asked(
    State(grouping): State<Weak<Grouping>>,
    Extension(peer): Extension<Peer>,
    body: Bytes,
) -> Response {
    let asked = match serde_json::from_slice::<Asked>(&body) {
        Ok(asked) => asked,
        Err(error) => {
            let why = format!("it does not ask for clones: {error}");
            return (StatusCode::BAD_REQUEST, why).into_response();
        }
    };
    let Some(grouping) = grouping.upgrade() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let function = grouping.parts.registry.get(&asked.function);
    let Some(function) = function.filter(|function| !function.paused) else {
        return (StatusCode::NOT_FOUND, "there is no such function here").into_response();
    };
    let lasting = Duration::from_millis(asked.lasting_ms);
    let id = function.leading().id;
    let live = &grouping.parts.live;
    let count = live.asked(id, asked.count, lasting, (asked.worth, asked.bid));
    if let Some(served) = grouping.notice().functions.get(&asked.function).filter(|_| count > 0) {
        grouping.members.prepares(&served.workload, &peer.name, Instant::now());
    }
    Json(Promised { count }).into_response()
}
