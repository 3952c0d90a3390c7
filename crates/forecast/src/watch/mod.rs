//! What is out of the ordinary: spikes, shifts of level, silence, a changed day.

pub mod anomaly;
pub mod tail;
pub mod step;
pub mod spike;
pub mod shift;
pub mod silence;
pub mod season;
pub mod watcher;
pub mod board;
