//! The manifest: what a person writes about functions, in words and units for people.

pub mod entry;
pub mod trigger;
pub mod function;
pub mod flow;
pub mod file;
pub mod naming;
pub mod schema;
