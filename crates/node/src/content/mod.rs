//! Contents of cache groups, as a node has them.

pub mod headers;
pub mod gate;
pub mod stores;
pub mod start;
