//! Is this machine, and what is set for it, fit for a node? One file per thing looked at.

pub mod check;
pub mod cpu;
pub mod kernel;
pub mod memory;
pub mod guests;
pub mod open_files;
pub mod data;
pub mod secrets;
pub mod forecasts;
pub mod door;
pub mod clock;
pub mod docker;
pub mod all;
