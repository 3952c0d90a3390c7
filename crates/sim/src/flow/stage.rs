//! What rules are played on: FIFOs with what arrives in each tick, and owners with what they
//! do besides. Made up by [`scenario`](crate::flow::scenario) or recorded on a node.

/// Seconds of a tick.
pub const TICK: f64 = 0.1;

/// All that a run needs to know.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// The FIFOs.
    pub fifos: Vec<StageFifo>,
    /// The owners.
    pub owners: Vec<StageOwner>,
    /// How many ticks are played.
    pub ticks: usize,
    /// Chance starts here.
    pub seed: u64,
    /// Milliseconds that a change of hands pauses a FIFO.
    pub pause_ms: f64,
}

/// A FIFO on a stage.
#[derive(Debug, Clone, PartialEq)]
pub struct StageFifo {
    /// What it is called.
    pub name: String,
    /// Items a second that arrive, tick by tick; none behind the end.
    pub arriving: Vec<f64>,
    /// Seconds of processor time that an item costs its owner.
    pub work: f64,
    /// Items it can hold.
    pub capacity: f64,
    /// Bytes of an item; whoever takes the FIFO over fetches those that wait from another core.
    pub item_bytes: f64,
    /// As [`Sample::variation`](swell_core::flow::view::Sample::variation).
    pub variation: f64,
    /// Who owns it at first, by the place among the owners of the stage.
    pub owner: usize,
    /// Who may own it, and how much that one has to do with it and how near it is.
    pub owners: Vec<Candidate>,
}

/// One who may own a FIFO.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// The place among the owners of the stage.
    pub owner: usize,
    /// As [`Party::dependency`](swell_core::flow::view::Party::dependency).
    pub dependency: f64,
    /// As [`Party::proximity`](swell_core::flow::view::Party::proximity).
    pub proximity: f64,
}

/// An owner on a stage.
#[derive(Debug, Clone, PartialEq)]
pub struct StageOwner {
    /// What it is called.
    pub name: String,
    /// Processors it may use.
    pub processors: f64,
    /// The share of them that it uses for other things, tick by tick.
    pub besides: Vec<f64>,
    /// The share of memory that is in use, its own or that of all: whichever is scarcer, tick by
    /// tick.
    pub memory: Vec<f64>,
}

impl StageFifo {
    /// Items a second that arrive in a tick, counted from 0.
    pub fn arriving(&self, tick: usize) -> f64 {
        self.arriving.get(tick).copied().unwrap_or(0.0)
    }
}

impl StageOwner {
    /// The share used for other things in a tick, counted from 0.
    pub fn besides(&self, tick: usize) -> f64 {
        at(&self.besides, tick)
    }

    /// The share of memory in use in a tick, counted from 0.
    pub fn memory(&self, tick: usize) -> f64 {
        at(&self.memory, tick)
    }
}

fn at(known: &[f64], tick: usize) -> f64 {
    known.get(tick).or_else(|| known.last()).copied().unwrap_or(0.0)
}
