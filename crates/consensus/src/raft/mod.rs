//! The log on openraft: a majority of sites orders and keeps the entries.

pub mod wire;
pub mod carrier;
pub mod network;
pub mod settings;
pub mod seat;
pub mod vitals;
pub mod watching;
pub mod desk;
pub mod reign;
pub mod raft_log;
