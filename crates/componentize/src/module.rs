//! What a file of WebAssembly is, as far as wrapping asks: a module or a component already,
//! whether its tools left the types of its imports in it, and which WASI it was made for.

use wasmparser::{Encoding, Parser, Payload};

use crate::interfaces::Version;

/// What is known of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// Whether it tells the types of its imports itself, as the tools of Rust have it.
    pub is_typed: bool,
    /// The version of its imports from WASI, where it has any.
    pub wasi: Option<Version>,
}

/// Why a file is no module to be wrapped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModuleError {
    /// It is wrapped already.
    #[error("it is a component already, and can be deployed as it is")]
    Component,
    /// It is not WebAssembly, or it is hurt.
    #[error("it is no WebAssembly module: {0}")]
    Broken(String),
    /// It asks for interfaces of an older kind.
    #[error("it imports from `{0}`, which components have no more")]
    Preview(String),
    /// It asks for a version that is not known here.
    #[error("it imports `{0}`; only versions 0.2 of WASI are known here")]
    Unknown(String),
    /// It asks for two versions at once.
    #[error("it imports WASI {0} and WASI {1}; choose one")]
    Two(Version, Version),
}

/// Looks at a file.
pub fn look(bytes: &[u8]) -> Result<Module, ModuleError> {
    let mut module = Module { is_typed: false, wasi: None };
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(broken)? {
            Payload::Version { encoding: Encoding::Component, .. } => {
                return Err(ModuleError::Component);
            }
            Payload::CustomSection(section) if section.name().starts_with("component-type") => {
                module.is_typed = true;
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    note(import.map_err(broken)?.module, &mut module)?;
                }
            }
            _ => {}
        }
    }
    Ok(module)
}

/// Takes note of where an import comes from.
fn note(from: &str, module: &mut Module) -> Result<(), ModuleError> {
    if from.starts_with("wasi_") {
        return Err(ModuleError::Preview(from.to_string()));
    }
    let Some((name, version)) = from.strip_prefix("wasi:").and_then(|rest| rest.split_once('@'))
    else {
        return Ok(());
    };
    // What is a draft yet has a version of its own.
    if ["keyvalue/", "blobstore/", "config/"].iter().any(|draft| name.starts_with(draft)) {
        return Ok(());
    }
    let version = Version::parse(version).ok_or_else(|| ModuleError::Unknown(from.to_string()))?;
    match module.wasi.replace(version) {
        Some(other) if other != version => Err(ModuleError::Two(other, version)),
        _ => Ok(()),
    }
}

fn broken(error: wasmparser::BinaryReaderError) -> ModuleError {
    ModuleError::Broken(error.to_string())
}
