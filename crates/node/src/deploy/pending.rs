//! Deployments that are under way, and those that nobody waited for and that failed.
//!
//! Deployments of one function happen one after the other, in the order in which they
//! came, so that the last one asked for is the one that serves in the end.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use swell_api::spec::FunctionSpec;

use crate::refusal::Refusal;

/// Failures remembered.
const FAILED_MAX: usize = 1_000;

/// Deployments under way or failed, by function.
#[derive(Default)]
pub struct Pending {
    tickets: AtomicU64,
    deployments: Mutex<BTreeMap<String, Deployment>>,
    turns: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

/// A deployment that is under way or failed.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// What is to be deployed.
    pub spec: FunctionSpec,
    /// Why it failed, if it did.
    pub failure: Option<String>,
    ticket: u64,
}

impl Pending {
    /// A deployment begins; it is ended with the number returned.
    pub(crate) fn begin(&self, spec: &FunctionSpec) -> u64 {
        let ticket = self.tickets.fetch_add(1, Ordering::Relaxed);
        let deployment = Deployment { spec: spec.clone(), failure: None, ticket };
        self.deployments.lock().insert(spec.name.clone(), deployment);
        ticket
    }

    /// A deployment ended. A failure stays until the function is deployed again, or
    /// removed.
    pub(crate) fn end(&self, name: &str, ticket: u64, failure: Option<&Refusal>) {
        let mut deployments = self.deployments.lock();
        let failed = deployments.values().filter(|one| one.failure.is_some()).count();
        let Some(deployment) = deployments.get_mut(name).filter(|one| one.ticket == ticket) else {
            return;
        };
        match failure {
            Some(refusal) if failed < FAILED_MAX => {
                let detail = refusal.detail.as_ref().map(|detail| format!(": {detail}"));
                let text = format!("{}{}", refusal.title, detail.unwrap_or_default());
                deployment.failure = Some(text);
            }
            _ => drop(deployments.remove(name)),
        }
        drop(deployments);
        let mut turns = self.turns.lock();
        if turns.get(name).is_some_and(|turn| Arc::strong_count(turn) == 1) {
            turns.remove(name);
        }
    }

    /// Who holds it works on that function alone.
    pub(crate) fn turn(&self, name: &str) -> Arc<tokio::sync::Mutex<()>> {
        self.turns.lock().entry(name.to_string()).or_default().clone()
    }

    /// Forgets a failure.
    pub(crate) fn forget(&self, name: &str) -> bool {
        let mut deployments = self.deployments.lock();
        let failed = deployments.get(name).is_some_and(|one| one.failure.is_some());
        failed && deployments.remove(name).is_some()
    }

    /// The deployment of a function that is under way or failed.
    pub fn get(&self, name: &str) -> Option<Deployment> {
        self.deployments.lock().get(name).cloned()
    }

    /// All of them, by name.
    pub fn all(&self) -> Vec<Deployment> {
        self.deployments.lock().values().cloned().collect()
    }

    /// Digests of the code of all of them.
    pub(crate) fn code(&self) -> HashSet<String> {
        self.deployments.lock().values().map(|one| one.spec.code.clone()).collect()
    }
}
