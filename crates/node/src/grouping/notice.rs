//! What nodes that share contents tell each other of themselves, once a second.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use swell_content::naming::{ContentName, node_of};
use swell_core::cachegroup::found::Found;
use swell_core::cachegroup::names::ContentId;
use swell_core::nearby::NearId;

/// Functions that one node tells of.
pub const FUNCTIONS_MAX: usize = 1_000;
/// Inputs of a function that are told.
pub const INPUTS_MAX: usize = 32;
/// Discovered groups that are told, and contents of each.
const FOUND_MAX: usize = 64;
const FOUND_CONTENTS_MAX: usize = 512;

/// A node, as it tells others.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Notice {
    /// Its processors.
    pub cores: u32,
    /// Work that one of them does a second, against those of other nodes.
    pub power: f64,
    /// Calls that run or wait there.
    pub busy: u32,
    /// Workloads whose group it is in, and why.
    pub groups: Vec<Membership>,
    /// Functions that may be called there and belong to a workload, by name.
    pub functions: BTreeMap<String, Served>,
    /// Groups that it found.
    pub found: Vec<FoundGroup>,
    /// Memory that clones may still take there.
    #[serde(default)]
    pub clone_bytes: u64,
}

/// That a node is in a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The group's workload.
    pub workload: String,
    /// Why the node is in it.
    pub why: String,
}

/// A function that a node has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Served {
    /// The workload of its calls.
    pub workload: String,
    /// By which classifier, for people.
    pub by: String,
    /// Whether a call would find room.
    pub has_room: bool,
    /// Whether clones of it are made there.
    #[serde(default)]
    pub clones: bool,
    /// How long a call ran on average, in microseconds; nothing if none did.
    pub run_us: Option<u64>,
    /// Bytes of its usual inputs that are not there.
    pub missing_bytes: u64,
    /// What it declares, and usually reads as far as this node saw, with lengths.
    pub inputs: Vec<(ContentName, u64)>,
}

/// A group that a node found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundGroup {
    /// Its name.
    pub name: String,
    /// Its contents.
    pub contents: Vec<ContentId>,
}

impl Notice {
    /// Why the node is in the group of a workload, if it is.
    pub fn membership(&self, workload: &str) -> Option<&str> {
        let is_it = |group: &&Membership| group.workload == workload;
        self.groups.iter().find(is_it).map(|group| group.why.as_str())
    }
}

/// A node, as the mind knows it.
pub(crate) fn near_id(name: &str) -> NearId {
    NearId(node_of(name).0)
}

/// Groups to be told.
pub fn told(found: &[Found]) -> Vec<FoundGroup> {
    let group = |found: &Found| FoundGroup {
        name: found.name.clone(),
        contents: found.contents.iter().copied().take(FOUND_CONTENTS_MAX).collect(),
    };
    found.iter().take(FOUND_MAX).map(group).collect()
}

/// Groups that were told.
pub fn heard(found: &[FoundGroup]) -> impl Iterator<Item = Found> {
    found.iter().take(FOUND_MAX).map(|group| {
        let contents: BTreeSet<ContentId> =
            group.contents.iter().copied().take(FOUND_CONTENTS_MAX).collect();
        Found { name: group.name.clone(), contents }
    })
}
