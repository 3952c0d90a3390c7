//! Instances and the memory they hold.

pub mod instance;
pub mod account;
pub mod estimate;
pub mod function;
pub mod clones;
pub mod ledger;
pub mod links;
pub mod cloned;
