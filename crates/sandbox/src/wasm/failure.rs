//! Why a guest failed, told from what the engine says and what the host saw.

use wasmtime::{PoolConcurrencyLimitError, Trap};

use crate::call::CallError;
use crate::wasm::guest::{Given, OutOfCpu};

/// The reason, for the caller. `denied` tells whether the guest was ever refused memory.
pub(crate) fn of(error: &wasmtime::Error, given: &Given, denied: bool) -> CallError {
    if error.downcast_ref::<OutOfCpu>().is_some() {
        return CallError::OutOfCpu { limit: given.cpu.unwrap_or_default() };
    }
    if error.downcast_ref::<PoolConcurrencyLimitError>().is_some() {
        return CallError::Backend("all clones this node has room for are in use".to_string());
    }
    if matches!(error.downcast_ref::<Trap>(), Some(Trap::OutOfFuel)) {
        return CallError::OutOfFuel { limit: given.fuel.unwrap_or_default() };
    }
    if denied {
        return CallError::OutOfMemory { limit: given.memory };
    }
    CallError::Trapped(sentence(error))
}

/// The chain of causes, the root first, without the engine's own framing.
fn sentence(error: &wasmtime::Error) -> String {
    let root = error.root_cause().to_string();
    let frames = error.to_string();
    let place = frames.lines().find_map(|line| line.trim().split_once(" - ").map(|(_, at)| at));
    match place {
        Some(place) => format!("{root}, in {place}"),
        None => root,
    }
}
