//! A cluster's log in the memory of one process: for tests of what stands on it.

pub mod order;
pub mod memory_log;
