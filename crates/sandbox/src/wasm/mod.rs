//! The backend that runs WebAssembly: components that answer `wasi:http`, and WASI
//! commands that read a request and write an answer.

pub mod kind;
pub mod outbound;
pub mod limiter;
pub mod output;
pub mod guest;
pub mod key_value;
pub mod blob_values;
pub mod blob_store;
pub mod flow;
pub mod configuration;
pub mod ticker;
pub mod engine;
pub mod artifact;
pub mod loaded;
pub mod recent;
pub mod lane;
pub mod failure;
pub mod answer;
pub mod http;
pub mod command;
pub mod template;
pub mod backend;
