//! The mind of Swell: everything it decides, as pure functions of time, events and a seed.

pub mod ids;
pub mod rng;
pub mod time;
pub mod units;
