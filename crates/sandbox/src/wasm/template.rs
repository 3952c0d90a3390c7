//! A function's code, ready to start: where it lies compiled, what its guests are given,
//! and what clones of it were measured to cost.
//!
//! The costs decide how far ahead a guest is made. Code that is *loaded* can be cloned in
//! microseconds if it is small, and a pool of ready clones would gain nothing; where a
//! clone is dear, as those of language runtimes are, an instance keeps one *instantiated*
//! ahead of the next call. Slots of the engine's pool keep their first pages resident, so
//! a clone in a used slot is *touched* as well.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant as Clock};

use http::Response;
use parking_lot::Mutex;

use crate::backend::{Costs, Doing, Instance, PrepareError, StartError, Template};
use crate::body::Body;
use crate::call::{Call, CallError};
use crate::limits::Isolation;
use crate::wasm::command::{Command, CommandInstance};
use crate::wasm::guest::Given;
use crate::wasm::http::HttpInstance;
use crate::wasm::lane::Lane;
use crate::wasm::limiter::Account;
use crate::wasm::loaded::Loaded;
use crate::wasm::recent::Recent;
use crate::wasm::ticker::Ticker;

/// From this on a clone is dear: making one ahead shows in a request's latency.
const DEAR: Duration = Duration::from_micros(200);

/// Loads code from where it lies compiled.
pub(crate) type Loader = Arc<dyn Fn() -> Result<Loaded, PrepareError> + Send + Sync>;

/// Code that is ready to start.
pub(crate) struct WasmTemplate {
    pub(crate) load: Loader,
    pub(crate) loaded: Mutex<Weak<Loaded>>,
    pub(crate) recent: Arc<Recent<Loaded>>,
    pub(crate) given: Arc<Given>,
    pub(crate) isolation: Isolation,
    pub(crate) ticker: Arc<Ticker>,
    pub(crate) load_nanos: AtomicU64,
    pub(crate) clone_nanos: AtomicU64,
    pub(crate) clone_memory: AtomicU64,
}

impl WasmTemplate {
    async fn loaded(&self) -> Result<Arc<Loaded>, StartError> {
        if let Some(loaded) = self.loaded.lock().upgrade() {
            self.recent.used(&loaded);
            return Ok(loaded);
        }
        let load = self.load.clone();
        let begun = Clock::now();
        let loaded = tokio::task::spawn_blocking(move || load()).await;
        let loaded = loaded.map_err(|error| StartError::Machine(error.to_string()))?;
        let loaded = loaded.map_err(|error| StartError::Machine(error.to_string()))?;
        self.load_nanos.store(begun.elapsed().as_nanos() as u64, Ordering::Relaxed);
        let mut slot = self.loaded.lock();
        // Two that loaded at once share what came first.
        let loaded = slot.upgrade().unwrap_or_else(|| Arc::new(loaded));
        *slot = Arc::downgrade(&loaded);
        drop(slot);
        self.recent.used(&loaded);
        Ok(loaded)
    }

    async fn begin(&self) -> Result<Arc<dyn Instance>, StartError> {
        let loaded = self.loaded().await?;
        let account = Account::new(self.given.memory, self.given.held.clone());
        let (given, ticker) = (self.given.clone(), self.ticker.clone());
        let command = match &*loaded {
            Loaded::Http(pre) => {
                let begun = Clock::now();
                let running = ticker.run();
                let lane = Lane::clone_of(pre, &given, account.clone()).await;
                drop(running);
                let lane = lane.map_err(|(error, denied)| refused(&error, &given, denied))?;
                let took = begun.elapsed();
                self.clone_nanos.store(took.as_nanos() as u64, Ordering::Relaxed);
                let held = lane.store.data().limiter.held();
                self.clone_memory.store(held, Ordering::Relaxed);
                let isolation = self.isolation;
                let ahead = isolation == Isolation::Request && took >= DEAR;
                let pre = pre.clone();
                let lanes = Mutex::new(vec![lane]);
                let http = HttpInstance { pre, given, account, ticker, isolation, lanes, ahead };
                let instance = WasmInstance { kind: Kind::Http(Arc::new(http)), _loaded: loaded };
                return Ok(Arc::new(instance));
            }
            Loaded::Command(pre) => Command::Component(pre.clone()),
            Loaded::Module(pre) => Command::Module(pre.clone()),
        };
        let command = CommandInstance { command, given, account, ticker };
        let instance = WasmInstance { kind: Kind::Command(Arc::new(command)), _loaded: loaded };
        Ok(Arc::new(instance))
    }
}

fn refused(error: &wasmtime::Error, given: &Given, denied: bool) -> StartError {
    match crate::wasm::failure::of(error, given, denied) {
        CallError::Backend(why) => StartError::Machine(why),
        error => StartError::Guest(error.to_string()),
    }
}

impl Template for WasmTemplate {
    fn start(&self) -> Doing<'_, Result<Arc<dyn Instance>, StartError>> {
        Box::pin(self.begin())
    }

    fn costs(&self) -> Costs {
        Costs {
            load: Duration::from_nanos(self.load_nanos.load(Ordering::Relaxed)),
            clone: Duration::from_nanos(self.clone_nanos.load(Ordering::Relaxed)),
            clone_memory: self.clone_memory.load(Ordering::Relaxed),
        }
    }

    fn processor_time(&self) -> Duration {
        self.given.time.read()
    }

    fn guest_memory(&self) -> Option<u64> {
        Some(self.given.held.load(Ordering::Relaxed))
    }
}

/// An instance, and the code it holds in memory.
struct WasmInstance {
    kind: Kind,
    _loaded: Arc<Loaded>,
}

enum Kind {
    Http(Arc<HttpInstance>),
    Command(Arc<CommandInstance>),
}

impl Instance for WasmInstance {
    fn invoke(self: Arc<Self>, call: Call) -> Doing<'static, Result<Response<Body>, CallError>> {
        match &self.kind {
            Kind::Http(http) => Box::pin(http.clone().serve(call)),
            Kind::Command(command) => Box::pin(command.clone().serve(call)),
        }
    }

    fn probe(self: Arc<Self>) -> Doing<'static, Result<(), String>> {
        Box::pin(async move {
            let probed = match &self.kind {
                Kind::Http(http) => http.probe().await,
                Kind::Command(command) => command.probe().await,
            };
            probed.map_err(|error| error.to_string())
        })
    }
}
