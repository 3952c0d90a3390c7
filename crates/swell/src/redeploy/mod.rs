//! Redeploying what changes: which files matter, when they change, and what is done then.

pub mod sources;
pub mod alarm;
pub mod workshop;
