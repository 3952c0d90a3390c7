//! Real traffic against a real node: a recorded trace is played through the gateway, in a
//! fraction of its time, and what came of it is held against the simulator.

pub mod slice;
pub mod tally;
pub mod client;
pub mod stage;
pub mod drive;
pub mod simulated;
pub mod starts;
pub mod host;
pub mod verdict;
