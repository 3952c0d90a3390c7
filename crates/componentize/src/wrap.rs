//! Wraps a core module into a component, as a linker's last step.
//!
//! A module from the tools of Rust carries the types of its imports. Others, made of C or of
//! text, carry names only; theirs are looked up in the interfaces that are known here.

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::interfaces::{OLDEST, text};
use crate::module::{ModuleError, look};

/// The world that a module without types of its own is taken to be made for. What it does
/// not import is left out of the component.
const WORLD: &str = "handler";

/// Why a module cannot be wrapped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrapError {
    /// It is no module to be wrapped.
    #[error(transparent)]
    Module(#[from] ModuleError),
    /// Its imports and exports are not what the interfaces say.
    #[error("{0}")]
    Unfit(String),
}

/// Wraps a module.
pub fn wrap(module: &[u8]) -> Result<Vec<u8>, WrapError> {
    let known = look(module)?;
    let mut module = module.to_vec();
    if !known.is_typed {
        let mut resolve = Resolve::default();
        let package = resolve
            .push_str("function.wit", &text(known.wasi.unwrap_or(OLDEST)))
            .expect("our own text is well written");
        let world =
            resolve.select_world(&[package], Some(WORLD)).expect("our own text has the world");
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
            .map_err(|error| WrapError::Unfit(format!("{error:#}")))?;
    }
    ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| WrapError::Unfit(format!("{error:#}")))
}
