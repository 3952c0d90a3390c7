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
pub mod town;
pub mod play;
