//! What a site answers to others: on the resource channel, beside messages of the log, what moves
//! and who wants to join; on the channel of state monitoring its board.

use std::sync::{Arc, OnceLock, Weak};

use axum::Extension;
use axum::Json;
use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use http::StatusCode;
use serde::de::DeserializeOwned;
use swell_consensus::channel::names::site_of;
use swell_consensus::log::Look;
use swell_core::council::invitation::is_void;
use swell_core::ids::SiteId;
use swell_link::client::Client;
use swell_link::peer::Peer;
use swell_outlook::board::Contact;
use swell_outlook::naming::workload_id;
use swell_site::site::Site;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use tokio_util::io::ReaderStream;
use uuid::Uuid;

use crate::content::gate::Gate;
use crate::deploy::deployer::Deployer;
use crate::nodes::certifying::{CERTIFY, Wanted, certified_for};
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::sites::belongings::{Belongings, unpacked};
use crate::sites::bundle::{
    Ask, Bundle, CALLS, CODE, CONTENTS, RECALL, RETURN, STANDBY, WORKLOAD, moved,
};
use crate::sites::contact::certified;
use crate::sites::joining::{FREE, Joining, admit, is_free};
use crate::sites::metering::functions;
use crate::sites::queued::{QUEUED, Sought, found};
use crate::sites::standby::Standby;
use crate::sites::surroundings::{BOARD, ECHO, THERE};
use crate::sites::values::{Asked, STORE, Sent, VALUES};
use crate::sites::warming::{Used, used};
use crate::store::code::CodeFolder;

/// Where a site asks to be admitted.
pub const JOIN: &str = "/v1/join";

/// What the channels answer from.
#[derive(Clone)]
pub struct Counter {
    /// The site, once it is up.
    pub site: Arc<OnceLock<Arc<Site>>>,
    /// Knows how functions stand.
    pub deployer: Arc<Deployer>,
    /// What is deployed.
    pub registry: Arc<Registry>,
    /// Its code.
    pub code: Arc<CodeFolder>,
    /// What workloads have here besides functions.
    pub belongings: Belongings,
    /// Contents, if the node has any.
    pub contents: Option<Arc<Gate>>,
    /// The resource channel, to other sites.
    pub client: Client,
    /// This site.
    pub me: Contact,
    /// What is kept for others.
    pub standby: Standby,
    /// The certificate and the key of the cluster's authority, where it is here.
    pub authority: Option<(String, String)>,
    /// Where work goes on that is not to end with a connection.
    pub runtime: Handle,
}

/// The longest message: calls that go together, or a part of a store.
const MESSAGE_MAX: usize = 320 << 20;

/// The resource channel.
pub fn resource(counter: Counter) -> Router {
    Router::new()
        .route(WORKLOAD, post(workload))
        .route(CODE, post(code))
        .route(JOIN, post(join))
        .route(FREE, post(free))
        .route(THERE, post(async || StatusCode::OK))
        .route(CONTENTS, post(contents))
        .route(CALLS, post(calls))
        .route(STANDBY, post(standby))
        .route(RECALL, post(recall))
        .route(RETURN, post(give_back))
        .route(CERTIFY, post(certify))
        .route(VALUES, post(values))
        .route(STORE, post(store))
        .route(QUEUED, post(queued))
        .layer(DefaultBodyLimit::max(MESSAGE_MAX))
        .with_state(Arc::new(counter))
}

/// What comes over the channel of state monitoring besides gossip.
pub fn state(site: Arc<OnceLock<Weak<Site>>>) -> Router {
    Router::new().route(BOARD, post(board)).route(ECHO, post(async || ())).with_state(site)
}

async fn board(State(site): State<Arc<OnceLock<Weak<Site>>>>) -> Response {
    match site.get().and_then(Weak::upgrade) {
        Some(site) => Json(site.board()).into_response(),
        None => coming_up().into_response(),
    }
}

async fn workload(State(counter): State<Arc<Counter>>, asked: Bytes) -> Response {
    match read::<Ask>(&asked) {
        Ok(ask) => {
            let Counter { registry, belongings, me, .. } = &*counter;
            let names = functions(registry, &ask.name);
            let (flows, stores) =
                (belongings.parts(&names, me), belongings.places(&names, &me.name));
            let (deployer, registry) = (counter.deployer.clone(), counter.registry.clone());
            let moved = move || moved(&deployer, &registry, &ask.name);
            let Ok(functions) = tokio::task::spawn_blocking(moved).await else {
                return coming_up().into_response();
            };
            Json(Bundle { functions, flows, stores }).into_response()
        }
        Err(refused) => refused.into_response(),
    }
}

async fn contents(State(counter): State<Arc<Counter>>, asked: Bytes) -> Response {
    let ask = match read::<Ask>(&asked) {
        Ok(ask) => ask,
        Err(refused) => return refused.into_response(),
    };
    let names = functions(&counter.registry, &ask.name);
    let used = |gate: &Arc<Gate>| used(gate, &counter.registry, &names);
    Json(counter.contents.as_ref().map_or_else(Used::default, used)).into_response()
}

async fn standby(State(counter): State<Arc<Counter>>, asked: Bytes) -> Response {
    let ask = match read::<Ask>(&asked) {
        Ok(ask) => ask,
        Err(refused) => return refused.into_response(),
    };
    match counter.standby.bundle(&ask.name) {
        Some(bundle) => Json(bundle).into_response(),
        None => (StatusCode::NOT_FOUND, "that is not kept here").into_response(),
    }
}

async fn calls(State(counter): State<Arc<Counter>>, sent: Bytes) -> Response {
    let parcels = match unpacked(&sent) {
        Ok(parcels) => parcels,
        Err(why) => return odd(&why).into_response(),
    };
    let stranger =
        parcels.iter().find(|(entry, _)| counter.registry.get(&entry.function).is_none());
    if let Some((entry, _)) = stranger {
        let why = format!("no function `{}` is here", entry.function);
        return (StatusCode::CONFLICT, why).into_response();
    }
    told(counter.belongings.queue.arrive(parcels).await.map(|()| String::new()))
}

async fn queued(State(counter): State<Arc<Counter>>, asked: Bytes) -> Response {
    let sought = match read::<Sought>(&asked) {
        Ok(sought) => sought,
        Err(refused) => return refused.into_response(),
    };
    let queue = counter.belongings.queue.clone();
    match spawn_blocking(move || found(&queue, sought)).await {
        Ok(Ok(said)) => said.into_response(),
        Ok(Err(refusal)) => told(Err(refusal)),
        Err(_) => coming_up().into_response(),
    }
}

async fn recall(State(counter): State<Arc<Counter>>, asked: Bytes) -> Response {
    let passages = match read::<Vec<(Uuid, u32)>>(&asked) {
        Ok(passages) => passages,
        Err(refused) => return refused.into_response(),
    };
    match counter.belongings.queue.bar(passages).await {
        Ok(missed) => Json(missed).into_response(),
        Err(refusal) => told(Err(refusal)),
    }
}

/// Gives a workload's belongings back to the site that has authority over it again.
async fn give_back(
    State(counter): State<Arc<Counter>>,
    Extension(peer): Extension<Peer>,
    asked: Bytes,
) -> Response {
    let workload = match read::<String>(&asked) {
        Ok(workload) => workload,
        Err(refused) => return refused.into_response(),
    };
    let Some(site) = counter.site.get() else { return coming_up().into_response() };
    let holder = site
        .log()
        .look(|state| Some(state.workloads.get(&workload_id(&workload))?.authority.holder));
    let asker = site_of(&peer.name);
    if asker.is_none() || asker != holder {
        let why =
            format!("`{}` has no authority over `{workload}`, as far as is known here", peer.name);
        return (StatusCode::CONFLICT, why).into_response();
    }
    let to = asker.and_then(|asker| site.contacts().get(&asker).cloned());
    let Some(to) = to else { return coming_up().into_response() };
    // It goes on even if whoever asked is cut off meanwhile.
    let (at, going) = (counter.runtime.clone(), counter.clone());
    let gone = at.spawn(async move {
        going.belongings.go(&going.client, &workload, (&going.me, &to), false).await
    });
    match gone.await {
        Ok(Ok(())) => StatusCode::OK.into_response(),
        Ok(Err(error)) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn certify(
    State(counter): State<Arc<Counter>>,
    Extension(peer): Extension<Peer>,
    asked: Bytes,
) -> Response {
    let wanted = match read::<Wanted>(&asked) {
        Ok(wanted) => wanted,
        Err(refused) => return refused.into_response(),
    };
    let Some(site) = counter.site.get() else { return coming_up().into_response() };
    let at = site.log().look(|state| {
        let is_member =
            |id: SiteId| state.members.contains_key(&id) && !is_void(state, id, peer.stamp);
        site_of(&peer.name).is_some_and(is_member).then_some(state.index)
    });
    let Some(at) = at else {
        let why = format!("`{}` is no site of this cluster any more", peer.name);
        return (StatusCode::FORBIDDEN, why).into_response();
    };
    match certified_for(counter.authority.as_ref(), &peer.name, &wanted, at) {
        Ok(pem) => Json(pem).into_response(),
        Err(refused) => refused.into_response(),
    }
}

async fn values(State(counter): State<Arc<Counter>>, sent: Bytes) -> Response {
    let asked: Asked = match postcard::from_bytes(&sent) {
        Ok(asked) => asked,
        Err(error) => return odd(&error).into_response(),
    };
    let stores = counter.belongings.stores.clone();
    let answer = spawn_blocking(move || stores.answer(&asked.store, asked.term, &asked.ask)).await;
    match answer.map_err(|error| error.to_string()).map(|it| postcard::to_stdvec(&it)) {
        Ok(Ok(bytes)) => bytes.into_response(),
        Ok(Err(error)) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        Err(why) => (StatusCode::INTERNAL_SERVER_ERROR, why).into_response(),
    }
}

async fn store(
    State(counter): State<Arc<Counter>>,
    Extension(peer): Extension<Peer>,
    sent: Bytes,
) -> Response {
    let sent: Sent = match postcard::from_bytes(&sent) {
        Ok(sent) => sent,
        Err(error) => return odd(&error).into_response(),
    };
    let Some(site) = counter.site.get() else { return coming_up().into_response() };
    let from = site_of(&peer.name).map(|peer| site.names().site(peer)).unwrap_or_default();
    let stores = counter.belongings.stores.clone();
    let taken = spawn_blocking(move || stores.take(&from, &sent.store, sent.term, sent.part)).await;
    match taken.unwrap_or_else(|error| Err(error.to_string())) {
        Ok(()) => StatusCode::OK.into_response(),
        Err(why) => (StatusCode::CONFLICT, why).into_response(),
    }
}

fn odd(error: &dyn std::fmt::Display) -> (StatusCode, String) {
    (StatusCode::BAD_REQUEST, format!("it cannot be read: {error}"))
}

fn coming_up() -> (StatusCode, &'static str) {
    (StatusCode::SERVICE_UNAVAILABLE, "this site is coming up: ask again in a moment")
}

fn told(done: Result<String, Refusal>) -> Response {
    match done {
        Ok(text) => text.into_response(),
        Err(refusal) => {
            let status = StatusCode::from_u16(refusal.reason.status());
            let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, refusal.title).into_response()
        }
    }
}

/// What a peer asks, which is JSON whatever it calls it.
fn read<T: DeserializeOwned>(asked: &[u8]) -> Result<T, (StatusCode, String)> {
    serde_json::from_slice(asked).map_err(|error| odd(&error))
}

async fn code(State(counter): State<Arc<Counter>>, asked: Bytes) -> Response {
    let ask = match read::<Ask>(&asked) {
        Ok(ask) => ask,
        Err(refused) => return refused.into_response(),
    };
    let missing = || (StatusCode::NOT_FOUND, "that code is not here").into_response();
    let Some(own) = counter.code.path(&ask.name) else { return missing() };
    let kept = counter.standby.code(&ask.name).filter(|_| !own.exists());
    let path = kept.unwrap_or(own);
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
    let (site, joining) = match wants_in(&counter, &peer, &asked) {
        Ok(wanted) => wanted,
        Err(refused) => return refused.into_response(),
    };
    match admit(&site, &joining, peer.stamp).await {
        Ok(contacts) => Json(contacts).into_response(),
        Err(refused) => refused.into_response(),
    }
}

async fn free(
    State(counter): State<Arc<Counter>>,
    Extension(peer): Extension<Peer>,
    asked: Bytes,
) -> Response {
    let (site, joining) = match wants_in(&counter, &peer, &asked) {
        Ok(wanted) => wanted,
        Err(refused) => return refused.into_response(),
    };
    match is_free(&site, &joining, peer.stamp).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(refused) => refused.into_response(),
    }
}

/// Who wants to join, if it is certified for that name.
fn wants_in(
    counter: &Counter,
    peer: &Peer,
    asked: &Bytes,
) -> Result<(Arc<Site>, Joining), (StatusCode, String)> {
    let joining = read::<Joining>(asked)?;
    if certified(&joining.contact.name) != peer.name {
        let why = format!("`{}` cannot join as `{}`", peer.name, joining.contact.name);
        return Err((StatusCode::FORBIDDEN, why));
    }
    let (later, why) = coming_up();
    let site = counter.site.get().cloned();
    Ok((site.ok_or_else(|| (later, why.to_string()))?, joining))
}
