//! Whether the next step will find use for a warm copy: rival answers, and what each costs.

pub mod readiness;
pub mod keep_alive;
pub mod idle_gap;
pub mod occurrence;
pub mod curve;
