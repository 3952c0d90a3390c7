//! What people may type: one file per command, its help text beside each option.

pub mod form;
pub mod node;
pub mod command;
pub mod settings;
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
pub mod demo;
pub mod keepalive;
pub mod forecast;
pub mod flow;
pub mod replay;
pub mod bench;
pub mod trace;
pub mod policy;
pub mod completions;
