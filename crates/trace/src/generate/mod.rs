//! The patterns in which functions are called.

pub mod bursty;
pub mod chain;
pub mod diurnal;
pub mod poisson;
pub mod timers;
