//! What moves of a workload: the functions as they serve now, each with the digest of its code.

use serde::{Deserialize, Serialize};
use swell_api::spec::FunctionSpec;

use crate::registry::Registry;
use crate::sites::metering::functions;

/// Where a site asks another for what moves, on the resource channel.
pub const WORKLOAD: &str = "/v1/workload";
/// Where it asks for code.
pub const CODE: &str = "/v1/code";

/// What is asked for: a workload by name, or code by digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Which.
    pub name: String,
}

/// What moves of a workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundle {
    /// Its functions.
    pub functions: Vec<Moved>,
}

/// A function that moves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The version that serves.
    pub spec: FunctionSpec,
    /// Whether a person paused it.
    pub is_paused: bool,
}

/// The bundle of a workload.
pub fn bundle(registry: &Registry, workload: &str) -> Bundle {
    let functions = functions(registry, workload).into_iter();
    let moved = functions.filter_map(|name| {
        let function = registry.get(&name)?;
        let spec = function.leading().spec.clone();
        Some(Moved { spec, is_paused: function.paused })
    });
    Bundle { functions: moved.collect() }
}
