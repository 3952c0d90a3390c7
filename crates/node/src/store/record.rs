//! How functions and versions lie in the store: JSON of the API's own words, so that a
//! store can be read with any tool and grows new keys without a new schema.
//!
//! A version is written once and never again. What may change of a function (shares,
//! pause, scale) is its head, a few dozen bytes.

use serde::{Deserialize, Serialize};

use swell_api::function::Share;
use swell_api::spec::FunctionSpec;

/// What may change of a function without a new version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Shares of traffic; their percents sum to 100.
    pub traffic: Vec<Share>,
    /// Whether a person paused it.
    #[serde(default)]
    pub paused: bool,
    /// Instances kept at all times, where a person said so after deploying.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_warm: Option<u32>,
    /// Instances allowed at a time, where a person said so after deploying.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_instances: Option<u32>,
    /// The version that led before the one that leads now, to roll back to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former: Option<u32>,
}

/// A version, as it was deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionRecord {
    /// Its number; the key has it already.
    #[serde(skip)]
    pub version: u32,
    /// When it was deployed, in milliseconds since 1970.
    pub deployed_at_ms: u64,
    /// What was deployed.
    pub spec: FunctionSpec,
}

/// A function with all its versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionRecord {
    /// Its name.
    pub name: String,
    /// What may change of it.
    pub head: Head,
    /// Its versions, oldest first; at least one.
    pub versions: Vec<VersionRecord>,
}

/// One step of a function, written as a whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step<'a> {
    /// The function.
    pub name: &'a str,
    /// Its head from now on.
    pub head: &'a Head,
    /// A new version.
    pub added: Option<&'a VersionRecord>,
    /// Versions that are not kept any longer.
    pub dropped: &'a [u32],
}
