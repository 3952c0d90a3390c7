//! From a core module that serves `wasi:http` to a component, with libraries alone.

pub mod interfaces;
pub mod module;
pub mod wrap;
