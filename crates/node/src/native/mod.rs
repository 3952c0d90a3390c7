//! Native processes that put items into flows and take them out, over a socket of the node.

pub mod sink;
pub mod intake;
pub mod session;
pub mod door;
