//! The backend: code is checked, compiled once per content, and kept compiled on disk.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock, Weak};

use parking_lot::Mutex;
use tokio::sync::Semaphore;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::backend::{Backend, Doing, PrepareError, Template};
use crate::code::{Code, Source};
use crate::processor::ProcessorTime;
use crate::reach::Reach;
use crate::wasm::artifact::Artifacts;
use crate::wasm::engine::{self, CLONES, Choice};
use crate::wasm::guest::Given;
use crate::wasm::kind::{self, Kind};
use crate::wasm::loaded::{Compiled, Linkers, Loaded};
use crate::wasm::recent::Recent;
use crate::wasm::template::{Loader, WasmTemplate};
use crate::wasm::ticker::Ticker;

/// Settings of the backend.
#[derive(Debug, Clone)]
pub struct WasmSettings {
    /// Folder of compiled code.
    pub cache: PathBuf,
    /// Clones that can exist at a time; none is a default that suits most machines.
    pub clones_max: Option<u32>,
    /// Whether clones share the pages of their template until they write. Off is only good
    /// for measuring what that is worth.
    pub copy_on_write: bool,
}

/// Functions whose code stays loaded although no instance holds it.
const RECENT_MAX: usize = 64;

/// Runs WebAssembly.
pub struct Wasm {
    shared: Arc<Shared>,
    description: String,
}

struct Shared {
    artifacts: Artifacts,
    choice: Choice,
    plain: Workshop,
    /// Counts fuel, at some cost; made when the first function asks for it.
    metered: OnceLock<Result<Workshop, String>>,
    ticker: Arc<Ticker>,
    recent: Arc<Recent<Loaded>>,
    /// Compiling one at a time leaves the other cores to requests.
    turn: Semaphore,
}

/// An engine with what links code for it.
struct Workshop {
    engine: Engine,
    linkers: Linkers,
}

impl Wasm {
    /// Makes the backend. Fails if the folder cannot be used or no engine works here.
    pub fn new(settings: &WasmSettings) -> Result<Self, String> {
        let artifacts = Artifacts::open(&settings.cache).map_err(|error| {
            format!("cannot keep compiled code in `{}`: {error}", settings.cache.display())
        })?;
        let clones = settings.clones_max.unwrap_or(CLONES);
        let choice = Choice { clones, fuel: false, copy_on_write: settings.copy_on_write };
        let ticker = Ticker::start().map_err(|error| format!("cannot start a thread: {error}"))?;
        let (plain, description) = Workshop::new(choice, &ticker)?;
        let metered = OnceLock::new();
        let turn = Semaphore::new(1);
        let recent = Arc::new(Recent::new(RECENT_MAX));
        let shared = Arc::new(Shared { artifacts, choice, plain, metered, ticker, recent, turn });
        Ok(Self { shared, description })
    }
}

impl Workshop {
    fn new(choice: Choice, ticker: &Arc<Ticker>) -> Result<(Self, String), String> {
        let (engine, description) = engine::make(choice)?;
        let linkers = Linkers::new(&engine).map_err(|error| format!("{error:#}"))?;
        ticker.add(&engine);
        Ok((Self { engine, linkers }, description))
    }
}

impl Backend for Wasm {
    fn name(&self) -> &'static str {
        "wasm"
    }

    fn describe(&self) -> String {
        self.description.clone()
    }

    fn prepare(&self, code: Code) -> Doing<'_, Result<Arc<dyn Template>, PrepareError>> {
        Box::pin(async move {
            let _turn = self.shared.turn.acquire().await.expect("it is never closed");
            let shared = self.shared.clone();
            let prepared = tokio::task::spawn_blocking(move || prepare(&shared, &code)).await;
            prepared.map_err(|error| PrepareError::Machine(error.to_string()))?
        })
    }
}

fn prepare(shared: &Arc<Shared>, code: &Code) -> Result<Arc<dyn Template>, PrepareError> {
    let Source::File { path, digest } = &code.source else {
        return Err(PrepareError::NotCode(
            "the backend `wasm` needs code: give it a WebAssembly file".to_string(),
        ));
    };
    let metered = code.limits.fuel.is_some();
    let loaded = shared.load(path, digest, metered)?;
    let limits = &code.limits;
    let given = Given {
        name: code.name.clone(),
        environment: code.environment.clone(),
        files: code.files.clone(),
        allowed: Reach::new(&code.outbound),
        table_elements: limits.table_elements,
        cpu: limits.cpu,
        fuel: limits.fuel,
        body: limits.body,
        memory: limits.memory,
        key_value: code.key_value.clone(),
        store: code.store.clone(),
        time: ProcessorTime::default(),
        held: Arc::default(),
    };
    let (again, path, digest) = (shared.clone(), path.clone(), digest.clone());
    let load: Loader = Arc::new(move || again.load(&path, &digest, metered));
    // What was just loaded to check it goes again: those hold it that use it.
    drop(loaded);
    Ok(Arc::new(WasmTemplate {
        load,
        loaded: Mutex::new(Weak::new()),
        recent: shared.recent.clone(),
        given: Arc::new(given),
        isolation: code.isolation,
        ticker: shared.ticker.clone(),
        load_nanos: AtomicU64::new(0),
        clone_nanos: AtomicU64::new(0),
        clone_memory: AtomicU64::new(0),
    }))
}

impl Shared {
    fn workshop(&self, metered: bool) -> Result<&Workshop, PrepareError> {
        if !metered {
            return Ok(&self.plain);
        }
        let made = self.metered.get_or_init(|| {
            let choice =
                Choice { fuel: true, clones: self.choice.clones.div_ceil(4), ..self.choice };
            Workshop::new(choice, &self.ticker).map(|(workshop, _)| workshop)
        });
        made.as_ref().map_err(|why| PrepareError::Machine(why.clone()))
    }

    /// Loads code, and compiles it first if that was not done before.
    fn load(&self, path: &Path, digest: &str, metered: bool) -> Result<Loaded, PrepareError> {
        let Workshop { engine, linkers } = self.workshop(metered)?;
        let key = Artifacts::key(engine, digest);
        for component in [true, false] {
            let key = name(&key, component);
            if let Some(compiled) = self.artifacts.load(engine, &key, component) {
                return linkers.link(&compiled);
            }
        }
        let compiled = self.compile(engine, path, &key)?;
        linkers.link(&compiled)
    }

    fn compile(&self, engine: &Engine, path: &Path, key: &str) -> Result<Compiled, PrepareError> {
        let bytes = std::fs::read(path).map_err(|error| {
            PrepareError::Machine(format!("cannot read `{}`: {error}", path.display()))
        })?;
        let (bytes, kind) = binary(bytes)?;
        let invalid = |error: wasmtime::Error| {
            PrepareError::NotCode(format!("it is not valid WebAssembly: {error:#}"))
        };
        let (component, machine_code) = match kind {
            Kind::Component => (true, engine.precompile_component(&bytes).map_err(invalid)?),
            _ => (false, engine.precompile_module(&bytes).map_err(invalid)?),
        };
        let key = name(key, component);
        if let Err(error) = self.artifacts.save(&key, &machine_code) {
            // It works without; it is only compiled again next time.
            tracing::warn!(%error, "cannot keep compiled code");
        } else if let Some(compiled) = self.artifacts.load(engine, &key, component) {
            return Ok(compiled);
        }
        if component {
            Component::new(engine, &bytes).map(Compiled::Component).map_err(invalid)
        } else {
            wasmtime::Module::new(engine, &bytes).map(Compiled::Module).map_err(invalid)
        }
    }
}

/// Kinds have names of their own, since what was compiled does not tell them apart.
fn name(key: &str, component: bool) -> String {
    format!("{key}{}", if component { 'c' } else { 'm' })
}

/// Code as binary, and what it is.
fn binary(bytes: Vec<u8>) -> Result<(Vec<u8>, Kind), PrepareError> {
    match kind::of(&bytes)? {
        Kind::Text => {
            let binary = wat::parse_bytes(&bytes)
                .map_err(|error| PrepareError::NotCode(format!("its text is wrong: {error}")))?
                .into_owned();
            let kind = kind::of(&binary)?;
            Ok((binary, kind))
        }
        kind => Ok((bytes, kind)),
    }
}
