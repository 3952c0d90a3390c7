//! What a backend is given to make a template of.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::key_value::KeyValue;
use crate::limits::{Isolation, Limits};

/// A function's code with everything its guests are given.
#[derive(Clone)]
pub struct Code {
    /// The function, for messages.
    pub name: String,
    /// The code itself.
    pub source: Source,
    /// Its bounds.
    pub limits: Limits,
    /// How fresh its guests are.
    pub isolation: Isolation,
    /// Environment variables, secrets among them.
    pub environment: Vec<(String, String)>,
    /// Folders that guests see, read only: path in the guest, path here.
    pub files: Vec<(String, PathBuf)>,
    /// Where guests may send requests: `host`, `host:port`, `*.host`, or `*`.
    pub outbound: Vec<String>,
    /// Names of key-value stores that guests may open, and who keeps them.
    pub key_value: Vec<String>,
    /// Who keeps what guests store.
    pub store: Arc<dyn KeyValue>,
}

/// Where code comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A file whose content has this digest (`sha256:` and 64 hexadecimal digits).
    File {
        /// Where it lies.
        path: PathBuf,
        /// What names it in caches.
        digest: String,
    },
    /// No code: durations to pretend.
    Modelled {
        /// How long a start takes.
        start: Duration,
        /// How long a call runs, unless it says so itself.
        run: Duration,
    },
}
