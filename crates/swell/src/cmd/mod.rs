//! What each command does, one file per command.

pub mod demo;
pub mod keepalive;
pub mod faithful;
pub mod replay;
pub mod bench;
pub mod trace;
pub mod policy;
pub mod completions;
