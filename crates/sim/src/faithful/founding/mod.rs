//! The simulator of the founding keep-alive report (`CLOUD21`, 2022), reproduced.

pub mod policy;

pub mod node;
