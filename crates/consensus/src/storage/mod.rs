//! The log, the vote and the snapshot of a site, in one file.

pub mod damage;
pub mod tables;
pub mod mark;
pub mod counted;
pub mod open;
pub mod write;
pub mod writer;
pub mod log_store;
pub mod machine;
