//! The resource channel: the log's messages and what moves workloads, apart from all else.

pub mod names;
pub mod lanes;
pub mod link_carrier;
pub mod intake;
pub mod resource;
