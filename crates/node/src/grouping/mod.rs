//! Which cache groups a node is in, and where calls go: to the nodes that have their data.

pub mod notice;
pub mod workload;
pub mod members;
pub mod neighbours;
pub mod placing;
pub mod power;
pub mod tally;
pub mod declared;
pub mod groups;
pub mod cloning;
pub mod callee;
pub mod relocating;
pub mod view;
pub mod answering;
pub mod passing;
pub mod gossip;
