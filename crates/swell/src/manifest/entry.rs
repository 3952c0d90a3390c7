//! A function of a manifest: what is deployed, where its code is, how that is built.

use std::path::PathBuf;

use swell_api::spec::{BackendName, FunctionSpec};

/// A function, as a manifest has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What is deployed; the digest of code in a file is put in when the file is read.
    pub spec: FunctionSpec,
    /// Where its code is.
    pub code: Source,
    /// How its code is built.
    pub build: Option<Build>,
}

/// Where code is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Nowhere: the backend needs none, or it was forgotten.
    None,
    /// In a file.
    File(PathBuf),
    /// On the node, under this digest.
    Digest(String),
}

/// How code is built.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Build {
    /// The command, for the shell, in the folder of the manifest.
    pub command: String,
    /// Files and folders whose change asks for another build; without any, the folder of
    /// the manifest.
    pub watch: Vec<String>,
}

impl Entry {
    /// A function of which nothing is known yet.
    pub fn blank() -> Self {
        Self { spec: FunctionSpec::plain("", BackendName::Wasm), code: Source::None, build: None }
    }
}
