//! What the host keeps beside each guest, and what every guest of a function is given.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use wasmtime::component::ResourceTable;
use wasmtime::{Store, UpdateDeadline};
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::p2::pipe::{MemoryInputPipe, MemoryOutputPipe};
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::flow::CallFlows;
use crate::key_value::KeyValue;
use crate::log::{LogSink, Stream};
use crate::processor::ProcessorTime;
use crate::reach::Reach;
use crate::wasm::limiter::{Account, Limiter};
use crate::wasm::outbound::Hooks;
use crate::wasm::output::{Listener, Output};
use crate::wasm::ticker::TICK;

/// Files, streams, requests and the like that a guest may have open at a time.
const HANDLES_MAX: usize = 16_384;

/// What every guest of a function is given.
pub(crate) struct Given {
    /// The function.
    pub(crate) name: String,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) files: Vec<(String, PathBuf)>,
    pub(crate) allowed: Reach,
    pub(crate) table_elements: u32,
    pub(crate) cpu: Option<Duration>,
    pub(crate) fuel: Option<u64>,
    pub(crate) body: u64,
    pub(crate) memory: u64,
    /// Names of the stores they may open by key or as containers, and who keeps them.
    pub(crate) key_value: Vec<String>,
    pub(crate) store: Arc<dyn KeyValue>,
    /// Processor time that they take.
    pub(crate) time: ProcessorTime,
    /// Memory that they hold, in bytes.
    pub(crate) held: Arc<AtomicU64>,
}

/// What a command reads and writes.
pub(crate) struct Pipes {
    pub(crate) stdin: MemoryInputPipe,
    pub(crate) stdout: MemoryOutputPipe,
    /// Variables about the request, besides those of the function.
    pub(crate) variables: Vec<(String, String)>,
}

/// What the host keeps beside a guest.
pub(crate) struct Guest {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: Hooks,
    pub(crate) table: ResourceTable,
    pub(crate) given: Arc<Given>,
    /// Flows of the call it serves.
    pub(crate) flows: Option<Arc<dyn CallFlows>>,
    /// Its stores, as those of the call it serves.
    pub(crate) store: Arc<dyn KeyValue>,
    /// Bytes of blobs it has open.
    pub(crate) blob_bytes: Arc<AtomicU64>,
    p1: Option<WasiP1Ctx>,
    pub(crate) limiter: Limiter,
    pub(crate) listener: Listener,
    /// Ticks the guest has run in this call.
    pub(crate) ticks: u64,
    ticks_max: u64,
}

/// The guest ran longer than it may.
#[derive(Debug, thiserror::Error)]
#[error("out of CPU time")]
pub(crate) struct OutOfCpu;

impl Guest {
    /// A store for a guest of an instance with this account.
    pub(crate) fn store(
        engine: &wasmtime::Engine,
        given: &Arc<Given>,
        account: Arc<Account>,
        log: Arc<dyn LogSink>,
        pipes: Option<&Pipes>,
        core: bool,
    ) -> wasmtime::Result<Store<Self>> {
        let listener = Listener::new(log);
        let mut builder = WasiCtx::builder();
        given.fill(&mut builder, &listener, pipes)?;
        let (wasi, p1) = if core {
            (WasiCtx::builder().build(), Some(builder.build_p1()))
        } else {
            (builder.build(), None)
        };
        let guest = Self {
            wasi,
            http: WasiHttpCtx::new(),
            hooks: Hooks { allowed: given.allowed.clone() },
            table: handles(),
            given: given.clone(),
            flows: None,
            store: given.store.clone(),
            blob_bytes: Arc::default(),
            p1,
            limiter: Limiter::new(account, given.table_elements),
            listener,
            ticks: 0,
            ticks_max: given.cpu.map_or(u64::MAX, ticks),
        };
        let mut store = Store::new(engine, guest);
        store.limiter(|guest| &mut guest.limiter);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|mut context| {
            let guest = context.data_mut();
            guest.ticks += 1;
            if guest.ticks > guest.ticks_max {
                return Err(OutOfCpu.into());
            }
            // A guest that computes for long lets others have their turn.
            Ok(UpdateDeadline::Yield(1))
        });
        if let Some(fuel) = given.fuel {
            store.set_fuel(fuel)?;
        }
        Ok(store)
    }

    /// A call begins.
    pub(crate) fn begin(&mut self, flows: Option<Arc<dyn CallFlows>>) {
        self.flows = flows;
        if !self.given.key_value.is_empty()
            && let Some(store) = self.given.store.of_call(&self.given.name)
        {
            self.store = store;
        }
    }

    /// The call has ended.
    pub(crate) fn end(&mut self) {
        self.flows = None;
        self.store = self.given.store.clone();
    }

    /// The WASI preview 1 side of a core module's guest.
    pub(crate) fn p1(&mut self) -> &mut WasiP1Ctx {
        self.p1.as_mut().expect("core modules are given it")
    }
}

/// A table of what a guest has open, files among it.
fn handles() -> ResourceTable {
    let mut table = ResourceTable::new();
    table.set_max_capacity(HANDLES_MAX);
    table
}

/// Ticks in so much CPU time, at least one more than it takes to notice.
fn ticks(cpu: Duration) -> u64 {
    cpu.as_nanos().div_ceil(TICK.as_nanos()) as u64 + 1
}

impl Given {
    fn fill(
        &self,
        builder: &mut WasiCtxBuilder,
        listener: &Listener,
        pipes: Option<&Pipes>,
    ) -> wasmtime::Result<()> {
        builder.envs(&self.environment);
        let output = |stream| Output { listener: listener.clone(), stream };
        builder.stderr(output(Stream::Stderr));
        match pipes {
            None => {
                builder.stdout(output(Stream::Stdout));
            }
            Some(pipes) => {
                builder.envs(&pipes.variables);
                builder.stdin(pipes.stdin.clone()).stdout(pipes.stdout.clone());
            }
        }
        for (inside, outside) in &self.files {
            builder.preopened_dir(outside, inside, FsPerms::ReadOnly)?;
        }
        Ok(())
    }
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for Guest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.hooks }
    }
}
