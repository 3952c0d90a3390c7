//! Which content leaves a full cache? One rule per file, and what they are made of.

pub mod bank;
pub mod index;
pub mod chain;
pub mod heap;
pub mod queue;
pub mod lru;
pub mod fifo;
pub mod in_cache_lfu;
pub mod perfect_lfu;
pub mod rand;
pub mod sieve;
pub mod s3_fifo;
pub mod catalogue;
