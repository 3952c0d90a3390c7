//! The live world as those who deploy see it.

use std::io;
use std::sync::Arc;

use swell_api::instance::Instance;
use swell_api::node::Node;
use swell_api::spec::{BackendName, ForecastMode};
use swell_core::event::Event;
use swell_core::ids::FunctionId;
use swell_core::settings::{CloneBounds, CloningMode};
use swell_core::units::Bytes;
use swell_sandbox::backend::Backend;

use crate::deploy::bounds::HEALTH;
use crate::deploy::hands::{Deploying, Hands};
use crate::deploy::settings::of_version;
use crate::live::world::Live;
use crate::observe::metrics::Metrics;
use crate::registry::{Registry, Version};

/// The program, as it names itself.
pub const PROGRAM: &str = concat!("swell ", env!("CARGO_PKG_VERSION"));

/// The live world, with the backends it makes instances with.
pub struct LiveHands {
    /// The world.
    pub live: Arc<Live>,
    /// Its functions.
    pub registry: Arc<Registry>,
    /// The backend `wasm`.
    pub wasm: Arc<dyn Backend>,
    /// The backend `modelled`.
    pub modelled: Arc<dyn Backend>,
    /// Figures of the node.
    pub metrics: Arc<Metrics>,
    /// The keep-alive policy, as people name it.
    pub policy: String,
}

impl Hands for LiveHands {
    fn deploy(&self, version: &Arc<Version>) {
        self.live.deploy(version, of_version(version, &self.live.clock));
        if let Some(mode) = version.spec.forecast {
            let (function, mode) = (version.id, Some(cloning_mode(mode)));
            self.live.tell(Event::CloningChosen { function, mode });
        }
        if version.spec.labels.contains_key(HEALTH) {
            self.live.tell(Event::HealthOffered { function: version.id });
        }
        let bounds = CloneBounds {
            memory: version.spec.clone_memory_bytes.map(Bytes::new),
            starts_per_second: version.spec.clone_starts_max,
        };
        if bounds != CloneBounds::default() {
            self.live.tell(Event::ClonesBounded { function: version.id, bounds });
        }
    }

    fn meet(&self, deploying: Box<dyn Deploying>) {
        let _ = self.live.deploying.set(deploying);
    }

    fn remove(&self, version: &Arc<Version>) {
        self.live.remove(version);
        if self.registry.get(&version.name).is_none() {
            self.metrics.remove_function(&version.name);
        }
    }

    fn next_id(&self) -> FunctionId {
        self.live.next_id()
    }

    fn backend(&self, name: BackendName) -> Option<Arc<dyn Backend>> {
        Some(match name {
            BackendName::Wasm => self.wasm.clone(),
            BackendName::Modelled => self.modelled.clone(),
        })
    }

    fn instances(&self) -> Vec<Instance> {
        self.live.instances()
    }

    fn node(&self) -> Node {
        let pool = self.live.pool();
        Node {
            program: PROGRAM.to_string(),
            since_ms: self.live.since_ms,
            policy: self.policy.clone(),
            memory_bytes: pool.limit.get(),
            memory_bytes_used: pool.used.get(),
            speed: self.live.clock.speed(),
            functions: self.registry.len() as u32,
            waiting: pool.waiting as u64,
            engine: self.wasm.describe(),
            journal: self.live.journal_state(),
        }
    }

    fn journal(&self) -> Option<Result<Vec<u8>, io::Error>> {
        self.live.journal()
    }
}

/// A mode in the words of the mind.
pub fn cloning_mode(mode: ForecastMode) -> CloningMode {
    match mode {
        ForecastMode::Off => CloningMode::Off,
        ForecastMode::Shadow => CloningMode::Shadow,
        ForecastMode::On => CloningMode::On,
    }
}
