//! The log that sites agree through, and the channel it goes over.

pub mod log;
pub mod numbering;
pub mod replica;
pub mod memory;
pub mod types;
pub mod storage;
pub mod raft;
pub mod channel;
pub mod monitoring;
