//! A node of a site makes what it has what it is told to have.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use swell_link::client::{Address, Client};
use swell_link::error::LinkError;

use crate::deploy::adopt::{Lineage, is_part};
use crate::deploy::deployer::Deployer;
use crate::nodes::wire::{CODE, Order, Ordered};
use crate::refusal::{Reason, Refusal};
use crate::registry::Registry;
use crate::sites::bundle::Ask;
use crate::store::code::CodeFolder;

/// The longest code, and how long it may take.
const CODE_BYTES_MAX: usize = 256 << 20;
const CODE_MAX: Duration = Duration::from_secs(60);
/// How soon it is tried again to have what could not be had, such as for a secret that was missing.
const AGAIN: Duration = Duration::from_secs(10);

/// Carries out orders.
pub struct Applying {
    /// Changes functions.
    pub deployer: Arc<Deployer>,
    /// Keeps code.
    pub code: Arc<CodeFolder>,
    /// Knows what is deployed.
    pub registry: Arc<Registry>,
    /// To the seat.
    pub client: Client,
    /// The seat.
    pub seat: Address,
    /// What was carried out in this life.
    pub had: BTreeMap<String, Lineage>,
    /// What could not be had: why, and when that was tried.
    pub without: BTreeMap<String, (String, Instant)>,
}

/// Why an order is not carried out yet.
enum Trouble {
    /// This function cannot be had.
    Refused(Refusal),
    /// The seat does not give what it takes.
    Unfetched(String),
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Applying {
    /// Carries out an order; why that could not be done to the end.
    pub async fn apply(&mut self, order: &Order) -> Result<(), String> {
        let mut gone = Vec::new();
        self.registry.visit(|function| {
            if !order.functions.contains_key(&*function.name) {
                gone.push(function.name.to_string());
            }
        });
        // First, as what comes may take the routes of what goes.
        for name in gone {
            self.had.remove(&name);
            match self.deployer.remove(&name).await {
                Ok(()) => {}
                Err(refusal) if refusal.reason == Reason::NotFound => {}
                Err(refusal) => return Err(refusal.title),
            }
        }
        self.without.retain(|name, _| order.functions.contains_key(name));
        for (name, ordered) in &order.functions {
            match self.have(name, ordered).await {
                Ok(()) => drop(self.without.remove(name)),
                Err(Trouble::Refused(refusal)) => {
                    let why = refusal.detail.unwrap_or(refusal.title);
                    tracing::warn!(function = %name, %why, "this node cannot serve a function");
                    self.without.insert(name.clone(), (why, Instant::now()));
                }
                Err(Trouble::Unfetched(why)) => {
                    self.had.remove(name);
                    return Err(why);
                }
            }
        }
        Ok(())
    }

    async fn have(&mut self, name: &str, ordered: &Ordered) -> Result<(), Trouble> {
        let lineage = &ordered.lineage;
        if self.had.get(name) == Some(lineage) {
            let failed = self.without.get(name);
            if failed.is_none() && self.registry.get(name).is_some() {
                return Ok(());
            }
            if let Some((why, at)) = failed
                && at.elapsed() < AGAIN
            {
                return Err(Refusal::new(Reason::Conflict, why.clone()).into());
            }
        }
        self.had.insert(name.to_string(), lineage.clone());
        for kept in &lineage.versions {
            self.fetch(name, &kept.spec.code).await?;
        }
        // What was removed and deployed anew there begins anew here.
        if self.registry.get(name).is_some_and(|known| !is_part(&known, &lineage.versions)) {
            self.deployer.remove(name).await?;
        }
        self.deployer.adopt(name, lineage.clone()).await?;
        Ok(())
    }

    async fn fetch(&self, name: &str, digest: &str) -> Result<(), Trouble> {
        if digest.is_empty() || self.code.knows(digest) {
            return Ok(());
        }
        let ask = serde_json::to_vec(&Ask { name: digest.to_string() }).unwrap_or_default();
        let asked = self.client.post(&self.seat, CODE, ask.into(), CODE_BYTES_MAX, CODE_MAX).await;
        let bytes: Bytes = asked.map_err(|error: LinkError| {
            Trouble::Unfetched(format!("the code of `{name}` does not come: {error}"))
        })?;
        let kept = self.code.receive(Full::new(bytes), CODE_BYTES_MAX as u64).await;
        let kept = kept.map_err(|error| {
            Trouble::Unfetched(format!("the code of `{name}` is not kept: {error:?}"))
        })?;
        if kept.digest == digest {
            return Ok(());
        }
        Err(Trouble::Unfetched(format!("the seat gave other code for `{name}` than it named")))
    }
}
