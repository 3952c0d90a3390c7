//! The same caches with the real protocol between them: nodes of `core::cachegroup`, a data
//! store, messages that take time, writers, crashes and outages.

pub mod setting;
pub mod distances;
pub mod queue;
pub mod shelves;
pub mod witness;
pub mod callers;
pub mod troubles;
pub mod tally;
pub mod homes;
pub mod tasks;
pub mod ahead;
pub mod errands;
pub mod town;
pub mod play;
pub mod working;
