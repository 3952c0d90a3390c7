//! What a site tells its neighbours of itself: who it is, what it runs, what it used so far.
//!
//! It is advice: it gives names to numbers and lets others measure. What is decided stands in
//! the log.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use swell_core::council::claim::Passed;
use swell_core::council::words::Criticality;
use swell_forecast::calendar::occasion::Occasion;

use crate::sums::Reading;

/// What was passed on to other sites and answered, by site and workload.
pub type Passes = BTreeMap<String, BTreeMap<String, Passed>>;

/// Where a site is found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Contact {
    /// Its name.
    pub name: String,
    /// Where its functions are called, such as `http://10.0.0.7:8080`.
    pub gateway: String,
    /// Where its state channel is reached, as `host:port`.
    pub state: String,
    /// Where its resource channel is reached, as `host:port`.
    pub resource: String,
    /// Where it is reached for items of flows, if it is.
    #[serde(default)]
    pub flow: Option<FlowPlace>,
}

/// Where a site is reached for items of flows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FlowPlace {
    /// What it is called there.
    pub node: String,
    /// As `host:port`.
    pub at: String,
}

/// A workload at a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// Its functions, by name.
    pub functions: Vec<String>,
    /// How much it matters.
    pub criticality: Criticality,
    /// Workloads there whose functions pass items to those of this one by flows, or get some of them.
    #[serde(default)]
    pub joined: Vec<String>,
}

/// What a site tells of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Board {
    /// Who.
    pub contact: Contact,
    /// What is deployed there, by the name of the workload.
    pub cards: BTreeMap<String, Card>,
    /// What was used.
    pub reading: Reading,
    /// Other sites that it knows of.
    pub contacts: Vec<Contact>,
    /// What its gateway passed on to other sites, by site and workload.
    #[serde(default)]
    pub passed: Passes,
    /// What is announced there: others take its word on itself and what runs there.
    #[serde(default)]
    pub occasions: Vec<Occasion>,
    /// Its nodes, where it has several: the one that has the seat first.
    #[serde(default)]
    pub nodes: Vec<NodeCard>,
}

/// A node of a site, for others to see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeCard {
    /// What it is called.
    pub name: String,
    /// Whether it is there and serves.
    pub is_there: bool,
    /// Thousandths of a processor that it can bear.
    pub cpu_milli: u64,
    /// Thousandths of a processor that functions used of late.
    pub used_milli: u64,
}
