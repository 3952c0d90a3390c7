//! The checks, one rule per file; each takes text and returns what is wrong with it.

pub mod doorway;
pub mod header;
pub mod size;

pub mod crates;
pub mod fence;
pub mod loops;
pub mod siblings;

pub mod lints;
pub mod sources;
pub mod words;
