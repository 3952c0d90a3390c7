//! Compiled code in memory, linked and ready to be cloned.
//!
//! Invariant: it is held by the instances that use it, and for a while by the list of what
//! was used of late, and by nobody else.

use wasmtime::component::{Component, Linker as ComponentLinker};
use wasmtime::{Engine, InstancePre, Linker, Module};
use wasmtime_wasi::p2::bindings::CommandPre;
use wasmtime_wasi_http::p2::bindings::ProxyPre;

use crate::backend::PrepareError;
use crate::wasm::guest::Guest;
use crate::wasm::{blob_store, configuration, flow, key_value};

/// Machine code of one of the two kinds.
pub(crate) enum Compiled {
    Component(Component),
    Module(Module),
}

/// Linked code.
pub(crate) enum Loaded {
    /// A component that answers `wasi:http`.
    Http(ProxyPre<Guest>),
    /// A component that is a command.
    Command(CommandPre<Guest>),
    /// A core module that is a command.
    Module(InstancePre<Guest>),
}

/// Links code for one engine.
pub(crate) struct Linkers {
    components: ComponentLinker<Guest>,
    modules: Linker<Guest>,
}

/// What may be deployed, for letters.
const EXPECTED: &str = "export `wasi:http/incoming-handler@0.2` (a component that answers \
                        requests) or `wasi:cli/run@0.2` (a command)";

impl Linkers {
    pub(crate) fn new(engine: &Engine) -> wasmtime::Result<Self> {
        let mut components = ComponentLinker::new(engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut components)?;
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut components)?;
        key_value::add_to_linker(&mut components)?;
        blob_store::add_to_linker(&mut components)?;
        flow::add_to_linker(&mut components)?;
        configuration::add_to_linker(&mut components)?;
        let mut modules = Linker::new(engine);
        wasmtime_wasi::p1::add_to_linker_async(&mut modules, Guest::p1)?;
        Ok(Self { components, modules })
    }

    /// Links code, or says what is missing.
    pub(crate) fn link(&self, compiled: &Compiled) -> Result<Loaded, PrepareError> {
        match compiled {
            Compiled::Component(component) => self.link_component(component),
            Compiled::Module(module) => self.link_module(module),
        }
    }

    fn link_component(&self, component: &Component) -> Result<Loaded, PrepareError> {
        let pre = self.components.instantiate_pre(component).map_err(|error| {
            PrepareError::Unsupported(format!("it imports what no one here provides: {error:#}"))
        })?;
        if let Ok(proxy) = ProxyPre::new(pre.clone()) {
            return Ok(Loaded::Http(proxy));
        }
        CommandPre::new(pre).map(Loaded::Command).map_err(|_| {
            PrepareError::NotCode(format!("it is a component that does not {EXPECTED}"))
        })
    }

    fn link_module(&self, module: &Module) -> Result<Loaded, PrepareError> {
        if module.get_export(START).is_none() {
            let why = format!(
                "it is a core module without `{START}`: build it as a command (wasm32-wasip1), \
                 or make it a component that {EXPECTED}"
            );
            return Err(PrepareError::NotCode(why));
        }
        self.modules.instantiate_pre(module).map(Loaded::Module).map_err(|error| {
            PrepareError::Unsupported(format!("it imports what no one here provides: {error:#}"))
        })
    }
}

/// Where a command begins.
pub(crate) const START: &str = "_start";
