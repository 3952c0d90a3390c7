//! The client of a node: the API under `/v1` and the calls of functions, and nothing else.

pub mod failure;
pub mod connection;
pub mod node;
pub mod forecasts;
pub mod sites;
pub mod contents;
pub mod upload;
