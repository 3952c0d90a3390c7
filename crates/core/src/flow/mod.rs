//! The flow analyzer: how FIFOs stand, and whether one should change hands.

pub mod view;
pub mod indicator;
pub mod variation;
pub mod wait;
pub mod cost;
pub mod target;
pub mod size;
pub mod queue;
pub mod affinity;
pub mod topology;
pub mod exchange;
pub mod signs;
pub mod policy;
pub mod seed;
pub mod slots;
pub mod words;
pub mod entry;
pub mod recorder;
pub mod counts;
pub mod budget;
pub mod window;
pub mod cooldown;
pub mod measured;
pub mod choice;
pub mod analyzer;
pub mod replay;
