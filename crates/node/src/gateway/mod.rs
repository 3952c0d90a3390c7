//! From a socket to a function and back.

pub mod answer;
pub mod limited;
pub mod context;
pub mod headers;
pub mod call;
pub mod following;
pub mod flowing;
pub mod asynchronous;
pub mod own;
pub mod here;
pub mod nearby;
pub mod service;
pub mod calls;
pub mod tls;
pub mod stalled;
pub mod lingering;
pub mod server;
