//! Which idle instances to keep: rival answers to one question.

pub mod keeper;
pub mod plan;
pub mod order;
pub mod by_function;
pub mod dynamic_ttl;
pub mod lru;
pub mod lfu;
pub mod runtime_diff;
pub mod cold_cost;
pub mod random;
pub mod fixed_ttl;
pub mod fifo;
pub mod greedy_dual;
pub mod landlord;
pub mod size;
pub mod freq;
pub mod cip;
pub mod hybrid_histogram;
pub mod hazard;
