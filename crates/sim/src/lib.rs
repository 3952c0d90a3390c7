//! The virtual world: runs the mind over traces, measures it, bounds it and reports it.

pub mod error;
pub mod tally;
pub mod world;
pub mod row;
pub mod simulate;
pub mod replay;
pub mod told;
pub mod bound;
pub mod clairvoyant;
pub mod results;
pub mod spread;
pub mod bounds;
pub mod experiment;
pub mod faithful;
pub mod reproduce;
pub mod half;
pub mod clone;
pub mod flow;
pub mod sites;
pub mod cache;
pub mod report;
