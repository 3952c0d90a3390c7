//! The virtual world: runs the mind over traces, measures it, bounds it and reports it.

pub mod bound;
