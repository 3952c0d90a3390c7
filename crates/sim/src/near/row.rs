//! One line of results: what came of the calls at one of several nodes. What scripts read; names and
//! units are part of the contract.

use serde::Serialize;

/// How nodes make clones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// Not at all.
    Off,
    /// Each its own.
    Alone,
    /// For each other.
    Together,
}

impl Way {
    /// All of them, each compared with the one before.
    pub const ALL: [Way; 3] = [Way::Off, Way::Alone, Way::Together];

    /// Its name in results.
    pub fn name(self) -> &'static str {
        match self {
            Way::Off => "off",
            Way::Alone => "alone",
            Way::Together => "together",
        }
    }
}

/// What came of one node in one run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct NodeRow {
    /// The trace's name.
    pub trace: String,
    /// How clones are made: `off`, `alone`, `together`.
    pub way: &'static str,
    /// Memory of all nodes in decimal megabytes.
    pub memory_mb: f64,
    /// Seed of placement, start times and the policies' chance.
    pub seed: u64,
    /// The node, from 1 on.
    pub node: usize,
    /// Its memory in decimal megabytes.
    pub node_mb: f64,
    /// Calls that came to it.
    pub calls: u64,
    /// Of these, calls that went to another node.
    pub sent: u64,
    /// Calls that came from other nodes.
    pub taken: u64,
    /// Calls that ran here and waited for a new instance.
    pub cold: u64,
    /// Calls that were turned away here.
    pub dropped: u64,
    /// Instances started, for whatever cause.
    pub starts: u64,
    /// Clones made.
    pub clones_made: u64,
    /// Clones that served a call.
    pub clones_used: u64,
    /// Instances that others were asked for.
    pub asked: u64,
    /// Of these, instances that they had or made.
    pub promised: u64,
    /// Instances that it had or made for others.
    pub lent: u64,
    /// Memory of instances that waited for work, over time, in GB s.
    pub waste_gb_s: f64,
    /// Fingerprint of the run's events and decisions, of all nodes.
    pub digest: String,
}
