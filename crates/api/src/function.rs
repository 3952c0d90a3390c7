//! What a node tells of its functions, their versions and their shares of traffic.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::spec::FunctionSpec;

/// A function, as a node has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The newest version.
    pub version: u32,
    /// Whether it can serve.
    pub state: FunctionState,
    /// Why it cannot, if it cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Versions and their shares of traffic, only those above zero.
    pub traffic: Vec<Share>,
    /// Versions kept.
    pub versions: u32,
    /// Where it is called.
    pub url: String,
    /// The newest version's specification.
    pub spec: FunctionSpec,
    /// Instances of all its versions, by state.
    pub instances: InstanceCounts,
    /// Calls since the node came up.
    pub calls: CallCounts,
}

/// Whether a function can serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FunctionState {
    /// Its code is being compiled.
    Preparing,
    /// It serves.
    Ready,
    /// It was paused by a person: calls are refused with 503.
    Paused,
    /// Its code could not be made ready.
    Failed,
}

/// A version's share of the traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// The version.
    pub version: u32,
    /// Percent of the requests; those of one client go to the same version.
    pub percent: u8,
}

/// Instances by state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct InstanceCounts {
    /// Being made.
    pub starting: u32,
    /// Ready, with nothing to do.
    pub idle: u32,
    /// Serving.
    pub busy: u32,
    /// Frozen.
    pub paused: u32,
}

/// Calls since the node came up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct CallCounts {
    /// All that arrived.
    pub total: u64,
    /// Those that waited for a new instance.
    pub cold: u64,
    /// Those that were refused.
    pub refused: u64,
    /// Those that were served, and failed.
    pub failed: u64,
    /// Processor time that its instances took, for starts and calls under way too, in microseconds.
    /// Guests that wait take none.
    #[serde(default)]
    pub cpu_us: u64,
}

/// One version of a function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Version {
    /// Its number, from 1.
    pub version: u32,
    /// When it was deployed, in milliseconds since 1970.
    pub deployed_at_ms: u64,
    /// Its share of the traffic.
    pub percent: u8,
    /// Whether it can serve.
    pub state: FunctionState,
    /// Why it cannot, if it cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What was deployed.
    pub spec: FunctionSpec,
}

/// The answer to an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Code {
    /// Digest to name it by, `sha256:` and 64 hexadecimal digits.
    pub digest: String,
    /// Its length.
    pub bytes: u64,
}

/// The answer to a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Deployed {
    /// The function.
    pub name: String,
    /// Its version now.
    pub version: u32,
    /// Whether anything changed; the same specification again is no new version.
    pub changed: bool,
    /// Where it is called.
    pub url: String,
}

/// Changes to a function that make no new version; what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Instances kept at all times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_warm: Option<u32>,
    /// Instances allowed at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_instances: Option<u32>,
    /// Whether calls are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<bool>,
}

/// Where to roll back to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rollback {
    /// The version; left out is the one that led before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
}

/// The answer to an operation on asynchronous calls or events: how many it reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reached {
    /// How many.
    pub count: u64,
}
