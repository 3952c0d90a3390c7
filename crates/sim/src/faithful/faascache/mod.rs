//! The simulator of FaasCache (ASPLOS 2021, `faascache-sim`), reproduced.

pub mod policy;

pub mod heap;

pub mod histogram;

pub mod pool;

pub mod node;
