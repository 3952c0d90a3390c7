//! Mutually authenticated connections between nodes.

pub mod error;
pub mod purpose;
pub mod authority;
pub mod identity;
pub mod peer;
pub mod server;
pub mod client;
