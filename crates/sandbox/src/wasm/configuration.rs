//! `wasi:config`: a function's environment, for guests that ask for settings that way.
//!
//! Two drafts are in use and differ in nothing but their names, so both are here.

use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Lift, Linker, Lower};

use crate::wasm::guest::Guest;

/// Names under which guests import it.
const NAMES: [&str; 2] = ["wasi:config/store@0.2.0-draft", "wasi:config/store@0.2.0-rc.1"];

/// What may go wrong where settings lie elsewhere; here, nothing does.
#[allow(unsafe_code, reason = "written by the engine's generator")]
mod words {
    use super::{ComponentType, Lift, Lower};

    #[derive(ComponentType, Lift, Lower)]
    #[component(variant)]
    pub(crate) enum Error {
        #[component(name = "upstream")]
        Upstream(String),
        #[component(name = "io")]
        Io(String),
    }
}

type Answer<T> = (Result<T, words::Error>,);

/// Adds the interface to what components may import.
pub(crate) fn add_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    for name in NAMES {
        let mut instance = linker.instance(name)?;
        instance.func_wrap("get", |context: StoreContextMut<'_, Guest>, (key,): (String,)| {
            let pairs = &context.data().given.environment;
            let value = pairs.iter().rev().find(|(name, _)| *name == key);
            let answer: Answer<Option<String>> = (Ok(value.map(|(_, value)| value.clone())),);
            Ok(answer)
        })?;
        instance.func_wrap("get-all", |context: StoreContextMut<'_, Guest>, (): ()| {
            let answer: Answer<Vec<(String, String)>> =
                (Ok(context.data().given.environment.clone()),);
            Ok(answer)
        })?;
    }
    Ok(())
}
