//! The program around the deciding library: what people type, and what they get back.

pub mod say;
pub mod start;
pub mod cli;
pub mod cmd;
pub mod client;
pub mod connect;
pub mod calling;
pub mod describe;
pub mod document;
pub mod settings;
pub mod configuration;
pub mod manifest;
pub mod deployment;
pub mod listing;
pub mod figure;
pub mod load;
pub mod specification;
pub mod overrides;
pub mod scenario;
pub mod recording;
pub mod watch;
pub mod sentence;
pub mod output;
pub mod progress;
pub mod interrupt;
pub mod error;
