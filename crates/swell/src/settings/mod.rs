//! Settings of a node: file, environment and flags become resolved values, once, in one
//! place that owns every default.

pub mod machine;
pub mod origin;
pub mod keys;
pub mod flow;
pub mod forecast;
pub mod cache;
pub mod all;
pub mod layer;
pub mod resolve;
