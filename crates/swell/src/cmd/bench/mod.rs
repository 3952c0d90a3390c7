//! Load on a node that runs, and what it made of it.

pub mod latency;
pub mod target;
pub mod tally;
pub mod cpu;
pub mod pace;
pub mod load;
pub mod report;
pub mod http;
