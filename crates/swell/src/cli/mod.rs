//! What people may type: one file per command, its help text beside each option.

pub mod form;
pub mod command;
pub mod demo;
pub mod keepalive;
pub mod replay;
pub mod bench;
pub mod trace;
pub mod policy;
pub mod completions;
