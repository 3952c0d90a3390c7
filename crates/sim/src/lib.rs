//! The virtual world: runs the mind over traces, measures it, bounds it and reports it.

pub mod tally;
pub mod row;
pub mod results;
