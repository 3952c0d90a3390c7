//! The seam, and what its tenants make of it.

mod stage;
mod shelf;
mod modelled;
mod wasm;
