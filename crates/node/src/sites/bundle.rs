//! What moves of a workload: the functions as they stand, with all versions, and digests of code.

use serde::{Deserialize, Serialize};
use swell_outlook::fares::Fares;

use crate::deploy::adopt::Lineage;
use crate::deploy::deployer::Deployer;
use crate::flow::feeding::Part;
use crate::registry::Registry;
use crate::sites::metering::{fares, functions};

/// Where a site asks another for what moves, on the resource channel.
pub const WORKLOAD: &str = "/v1/workload";
/// Where it asks for code.
pub const CODE: &str = "/v1/code";

/// Where it asks who stood by for a site that is gone.
pub const STANDBY: &str = "/v1/standby";
/// Where it asks which contents a workload used.
pub const CONTENTS: &str = "/v1/contents";
/// Where calls are handed over that wait.
pub const CALLS: &str = "/v1/calls";
/// Where calls that have not arrived are called back.
pub const RECALL: &str = "/v1/recall";
/// Where a site that has authority again asks for what it handed over.
pub const RETURN: &str = "/v1/return";

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
    /// The flows that they own or feed.
    #[serde(default)]
    pub flows: Vec<Part>,
    /// The stores that they keep values in.
    #[serde(default)]
    pub stores: Vec<StoreAt>,
}

/// Where a store of values is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreAt {
    /// Its name.
    pub store: String,
    /// The site.
    pub site: String,
    /// Counts its moves.
    pub term: u32,
}

/// A function that moves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// Its name.
    pub name: String,
    /// Its versions, and what may change of it.
    pub lineage: Lineage,
    /// How its calls fared so far.
    #[serde(default)]
    pub fares: Fares,
}

/// The functions of a workload as they move.
pub fn moved(deployer: &Deployer, registry: &Registry, workload: &str) -> Vec<Moved> {
    let functions = functions(registry, workload).into_iter();
    let moved = functions.filter_map(|name| {
        let lineage = deployer.lineage(&name)?;
        let fares = registry.get(&name).map(|function| fares(&function)).unwrap_or_default();
        Some(Moved { name, lineage, fares })
    });
    moved.collect()
}
