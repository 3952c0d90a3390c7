//! What a workload leaves at a site besides its functions: what guests keep by key, items of
//! flows, and calls that wait. All of it goes to the site that has authority, once, and before
//! the functions are stopped here.
//!
//! Whoever stops a workload hands over; so what comes back after a move that did not help goes the
//! same way as what went. Each part may be asked for again at any time.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use swell_link::client::Client;
use swell_link::error::LinkError;
use swell_outlook::board::Contact;
use swell_site::mover::StepError;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::deploy::bounds::CONTENTS;
use crate::flow::departure::Ordered;
use crate::flow::feeding::Part;
use crate::flow::flows::Flows;
use crate::flow::wire::Elsewhere;
use crate::key_value::place::Home;
use crate::key_value::roaming::Roaming;
use crate::queue::calls::Queue;
use crate::queue::handing::Parcel;
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::sites::bundle::{CALLS, RECALL, RETURN, StoreAt};
use crate::sites::contact::resource_of;
use crate::sites::metering::functions;

/// The longest answer, and how long one may take.
const ANSWER_MAX: usize = 1 << 20;
const ANSWER_IN: Duration = Duration::from_secs(30);
/// How long it is waited for calls that are being tried.
const TRIES_MAX: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What workloads have at this node.
#[derive(Clone)]
pub struct Belongings {
    /// Calls that wait.
    pub queue: Arc<Queue>,
    /// Flows.
    pub flows: Arc<Flows>,
    /// What guests keep by key.
    pub stores: Arc<Roaming>,
    /// What is deployed.
    pub registry: Arc<Registry>,
    /// Held by whoever hands calls over or calls them back: a call that was called back while it
    /// was being sent would be forgotten here and refused there.
    pub passage: Arc<Mutex<()>>,
}

impl Belongings {
    /// The stores of this node that functions keep values in.
    pub fn stores_of(&self, names: &[String]) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for name in names {
            let Some(function) = self.registry.get(name) else { continue };
            let named = function.leading().spec.key_value.iter();
            let targets = named.map(|it| it.split_once('=').map_or(it.as_str(), |(_, to)| to));
            found.extend(targets.filter(|to| !to.starts_with(CONTENTS)).map(str::to_string));
        }
        found
    }

    /// Where the stores of functions are; `me` is what this site is called.
    pub fn places(&self, names: &[String], me: &str) -> Vec<StoreAt> {
        let at = |store: String| {
            let place = self.stores.place(&store);
            let site = match place.home {
                Home::Here => me.to_string(),
                Home::At(site) | Home::Sealed(site) => site,
            };
            StoreAt { store, site, term: place.term }
        };
        self.stores_of(names).into_iter().map(at).collect()
    }

    /// The flows that functions of this node take part in; `me` is where it is reached.
    pub fn parts(&self, names: &[String], me: &Contact) -> Vec<Part> {
        let Some(at) = flows_of(me) else { return Vec::new() };
        self.flows.parts_of(names, &at)
    }

    /// Hands everything of a workload to a site. `me` is this one. Calls that are being tried
    /// for too long stay behind, unless `all` of them are to go.
    pub async fn go(
        &self,
        client: &Client,
        workload: &str,
        (me, to): (&Contact, &Contact),
        all: bool,
    ) -> Result<(), StepError> {
        let names = functions(&self.registry, workload);
        let mut others = Vec::new();
        self.registry.visit(|function| {
            let name = function.name.to_string();
            if !names.contains(&name) {
                others.push(name);
            }
        });
        let shared = self.stores_of(&others);
        for store in self.stores_of(&names).difference(&shared) {
            let (stores, store, site) = (self.stores.clone(), store.clone(), to.name.clone());
            let left = tokio::task::spawn_blocking(move || stores.leave(&store, &site)).await;
            left.map_err(|error| StepError::Again(error.to_string()))?.map_err(StepError::Again)?;
        }
        for part in self.parts(&names, me).into_iter().filter(|part| part.goes) {
            let flow = &part.spec.name;
            let at = flows_of(to).ok_or_else(|| {
                StepError::Never(format!("site `{}` takes no flows, such as `{flow}`", to.name))
            })?;
            self.flows
                .leave(flow, at, Ordered::default())
                .await
                .map_err(|refusal| again(&refusal))?;
        }
        self.hand_calls(client, &names, to, all).await
    }

    async fn hand_calls(
        &self,
        client: &Client,
        names: &[String],
        to: &Contact,
        all: bool,
    ) -> Result<(), StepError> {
        let deadline = tokio::time::Instant::now() + TRIES_MAX;
        loop {
            let passage = self.passage.lock().await;
            let parcels = self.queue.leave_for(names, &to.name).await;
            let parcels = parcels.map_err(|refusal| again(&refusal))?;
            if !parcels.is_empty() {
                ask(client, to, CALLS, packed(&parcels)).await?;
                let gone = self.queue.gone(&parcels, &to.name).await;
                gone.map_err(|refusal| again(&refusal))?;
                continue;
            }
            drop(passage);
            if !self.queue.has_open(names).map_err(|refusal| again(&refusal))? {
                return Ok(());
            }
            if tokio::time::Instant::now() > deadline {
                let why = "calls from the queue are still being tried here";
                return if all { Err(StepError::Again(why.to_string())) } else { Ok(()) };
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Takes back from a site what it was given of a workload.
    pub async fn come_back(
        &self,
        client: &Client,
        workload: &str,
        from: &Contact,
    ) -> Result<(), StepError> {
        let names = functions(&self.registry, workload);
        let is_there =
            |store: String| self.stores.place(&store).home == Home::At(from.name.clone());
        let has_store = self.stores_of(&names).into_iter().any(is_there);
        let there = flows_of(from);
        let parts = there.iter().flat_map(|at| self.flows.parts_of(&names, at));
        let has_flow = parts.into_iter().any(|part| !part.goes && there.as_ref() == Some(&part.at));
        let going = self.queue.destinations().map_err(|refusal| again(&refusal))?;
        if has_store || has_flow || going.contains(&from.name) {
            ask(client, from, RETURN, json(&workload)).await?;
        }
        self.recall(client, &names, from).await.map(drop)
    }

    /// Calls back what is on its way to a site and has not arrived there; how many calls.
    pub async fn recall(
        &self,
        client: &Client,
        names: &[String],
        from: &Contact,
    ) -> Result<usize, StepError> {
        let _passage = self.passage.lock().await;
        let passages = self.queue.under_way(names, &from.name);
        let passages = passages.map_err(|refusal| again(&refusal))?;
        if passages.is_empty() {
            return Ok(0);
        }
        let answer = ask(client, from, RECALL, json(&passages)).await?;
        let odd = |error| StepError::Again(format!("another site answers oddly: {error}"));
        let missed: Vec<Uuid> = serde_json::from_slice(&answer).map_err(odd)?;
        let count = missed.len();
        self.queue.stay(missed).await.map_err(|refusal| again(&refusal))?;
        Ok(count)
    }
}

/// Where a site is reached for flows.
pub fn flows_of(site: &Contact) -> Option<Elsewhere> {
    let flow = site.flow.as_ref()?;
    Some(Elsewhere { node: flow.node.clone(), at: flow.at.clone() })
}

async fn ask(client: &Client, to: &Contact, path: &str, body: Bytes) -> Result<Bytes, StepError> {
    let asked = client.post(&resource_of(to), path, body, ANSWER_MAX, ANSWER_IN).await;
    asked.map_err(|error: LinkError| StepError::Again(error.to_string()))
}

fn json(value: &impl serde::Serialize) -> Bytes {
    serde_json::to_vec(value).expect("it is plain data").into()
}

/// Calls as they go to another site: the entry as on disk, and the body beside it.
fn packed(parcels: &[Parcel]) -> Bytes {
    let pairs: Vec<(Vec<u8>, &[u8])> = parcels
        .iter()
        .map(|(entry, body)| (serde_json::to_vec(entry).expect("it is plain data"), &body[..]))
        .collect();
    postcard::to_stdvec(&pairs).expect("memory takes all bytes").into()
}

/// Calls that came from another site.
pub fn unpacked(bytes: &[u8]) -> Result<Vec<Parcel>, String> {
    let pairs: Vec<(Vec<u8>, Vec<u8>)> =
        postcard::from_bytes(bytes).map_err(|error| error.to_string())?;
    let parcel = |(entry, body): (Vec<u8>, Vec<u8>)| {
        let entry = serde_json::from_slice(&entry).map_err(|error| error.to_string())?;
        Ok((entry, Bytes::from(body)))
    };
    pairs.into_iter().map(parcel).collect()
}

/// Another try may do better.
fn again(refusal: &Refusal) -> StepError {
    let detail = refusal.detail.as_deref();
    let why = detail.map_or_else(|| refusal.title.clone(), |it| format!("{}: {it}", refusal.title));
    StepError::Again(why)
}
