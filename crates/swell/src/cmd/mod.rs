//! What each command does, one file per command.

pub mod demo;
pub mod keepalive;
pub mod flow;
pub mod faithful;
pub mod forecast;
pub mod events;
pub mod receipt;
pub mod replay;
pub mod replay_trace;
pub mod bench;
pub mod trace;
pub mod policy;
pub mod up;
pub mod config;
pub mod doctor;
pub mod manifest;
pub mod new;
pub mod component;
pub mod functions;
pub mod deploy;
pub mod watch;
pub mod invoke;
pub mod logs;
pub mod queue;
pub mod journal;
pub mod completions;
