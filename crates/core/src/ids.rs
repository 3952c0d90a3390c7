//! Names of things, as small integers.
//!
//! The mind never sees a string, a body or a handle: outer layers keep those in tables
//! and speak to it in these ids. An id is given out by one author and never reused
//! within a run, except [`InstanceId`], whose generation tells two tenants of a slot apart.

use serde::{Deserialize, Serialize};

/// A deployed function: its index in the order of deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FunctionId(pub u32);

/// One request, numbered by the world that received it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RequestId(pub u64);

/// One mind, in the order of the world that runs them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SiteId(pub u32);

/// One instance: a slot of the pool and the generation of its tenant, so that late news
/// of a dead instance is never taken for news of its successor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct InstanceId {
    /// Slot of the pool; slots are reused.
    pub slot: u32,
    /// Counts the tenants of the slot.
    pub generation: u32,
}

impl FunctionId {
    /// The id as an index into a table of functions.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl SiteId {
    /// The id as an index into a table of sites.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl InstanceId {
    /// The slot as an index into the pool.
    pub fn index(self) -> usize {
        self.slot as usize
    }
}
