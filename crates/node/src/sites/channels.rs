//! What a site answers to others: on the resource channel, beside messages of the log, what moves
//! and who wants to join; on the channel of state monitoring its board.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Extension;
use axum::Json;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use swell_api::site::{Capacity, SiteContact};
use swell_consensus::log::{Change, Log, LogError};
use swell_core::council::entry::Command;
use swell_core::ids::SiteId;
use swell_link::peer::Peer;
use swell_site::naming::site_id;
use swell_site::site::Site;
use tokio_util::io::ReaderStream;

use crate::registry::Registry;
use crate::sites::bundle::{Ask, CODE, WORKLOAD, bundle};
use crate::sites::contact::{certified, loads, taken, told};
use crate::sites::surroundings::BOARD;
use crate::store::code::CodeFolder;

/// Where a site asks to be admitted.
pub const JOIN: &str = "/v1/join";

/// The most sites whose majority decides what is committed; more would only make it slower.
const VOTERS_MAX: usize = 5;

/// How long a change of members may take.
const CHANGE_MAX: Duration = Duration::from_secs(20);

/// A site that asks to be admitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joining {
    /// Where it is found.
    pub contact: SiteContact,
    /// What it can bear.
    pub capacity: Capacity,
}

/// What the channels answer from.
#[derive(Clone)]
pub struct Counter {
    /// The site, once it is up.
    pub site: Arc<OnceLock<Arc<Site>>>,
    /// What is deployed.
    pub registry: Arc<Registry>,
    /// Its code.
    pub code: Arc<CodeFolder>,
}

/// The resource channel.
pub fn resource(counter: Counter) -> Router {
    Router::new()
        .route(WORKLOAD, post(workload))
        .route(CODE, post(code))
        .route(JOIN, post(join))
        .with_state(Arc::new(counter))
}

/// The channel of state monitoring.
pub fn state(site: Arc<Site>) -> Router {
    let board = |State(site): State<Arc<Site>>| async move { Json(site.board()) };
    Router::new().route(BOARD, post(board)).with_state(site)
}

async fn workload(State(counter): State<Arc<Counter>>, asked: Bytes) -> Response {
    match read::<Ask>(&asked) {
        Ok(ask) => Json(bundle(&counter.registry, &ask.name)).into_response(),
        Err(refused) => refused.into_response(),
    }
}

/// What a peer asks, which is JSON whatever it calls it.
fn read<T: DeserializeOwned>(asked: &[u8]) -> Result<T, (StatusCode, String)> {
    let odd = |error| (StatusCode::BAD_REQUEST, format!("it cannot be read: {error}"));
    serde_json::from_slice(asked).map_err(odd)
}

async fn code(State(counter): State<Arc<Counter>>, asked: Bytes) -> Response {
    let ask = match read::<Ask>(&asked) {
        Ok(ask) => ask,
        Err(refused) => return refused.into_response(),
    };
    let missing = || (StatusCode::NOT_FOUND, "that code is not here").into_response();
    let Some(path) = counter.code.path(&ask.name) else { return missing() };
    match tokio::fs::File::open(path).await {
        Ok(file) => Response::new(Body::from_stream(ReaderStream::new(file))),
        Err(_) => missing(),
    }
}

async fn join(
    State(counter): State<Arc<Counter>>,
    Extension(peer): Extension<Peer>,
    asked: Bytes,
) -> Response {
    let joining = match read::<Joining>(&asked) {
        Ok(joining) => joining,
        Err(refused) => return refused.into_response(),
    };
    if certified(&joining.contact.name) != peer.name {
        let why = format!("`{}` cannot join as `{}`", peer.name, joining.contact.name);
        return (StatusCode::FORBIDDEN, why).into_response();
    }
    let Some(site) = counter.site.get() else {
        let why = "this site is coming up: ask again in a moment";
        return (StatusCode::SERVICE_UNAVAILABLE, why).into_response();
    };
    match admit(site, &joining).await {
        Ok(contacts) => Json(contacts).into_response(),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, why).into_response(),
    }
}

/// Admits a site: it gets the log, then a voice in what is committed, then its seat in the
/// council. Each step may have been done before.
async fn admit(site: &Arc<Site>, joining: &Joining) -> Result<Vec<SiteContact>, String> {
    let words = |error: LogError| error.to_string();
    let contact = taken(&joining.contact);
    site.meet(&contact, true);
    let (id, log) = (site_id(&contact.name), site.log().clone());
    let address = contact.resource.clone();
    if log.membership().sites.get(&id) != Some(&address) {
        log.change(Change::Join { site: id, address }, CHANGE_MAX).await.map_err(words)?;
    }
    let mut voters = log.membership().voters;
    if voters.len() < VOTERS_MAX && voters.insert(id) {
        log.change(Change::Voters(voters), CHANGE_MAX).await.map_err(words)?;
    }
    let capacity = loads(&joining.capacity);
    seat(&*log, id, capacity).await?;
    let known = site.contacts().into_values().filter(|known| known.name != contact.name);
    let own = site.board().contact;
    Ok(known.chain([own]).map(|known| told(&known)).collect())
}

/// Gives a site its seat in the council.
pub async fn seat(
    log: &dyn Log,
    site: SiteId,
    capacity: swell_core::council::words::Loads,
) -> Result<(), String> {
    let said = log.propose(Command::Admit { site, capacity }, CHANGE_MAX).await;
    let decided = said.map_err(|error| error.to_string())?;
    decided.outcome.map_err(|refusal| refusal.to_string())
}
