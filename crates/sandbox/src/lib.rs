//! What makes instances of functions: the seam every backend fills, and its tenants.
//!
//! A sandbox knows nothing of minds, names or routes. It turns code into a template, a
//! template into instances, and a call into an answer; who decides when stands above.

pub mod body;
pub mod limits;
pub mod reach;
pub mod code;
pub mod call;
pub mod log;
pub mod key_value;
pub mod flow;
pub mod processor;
pub mod backend;
pub mod modelled;
pub mod wasm;
