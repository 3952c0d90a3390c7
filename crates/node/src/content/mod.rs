//! Contents of cache groups, as a node has them.

pub mod headers;
pub mod gate;
pub mod history;
pub mod stores;
pub mod start;
