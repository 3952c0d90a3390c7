//! Flows: FIFOs from functions to a function, kept, filled, emptied, watched and moved.

pub mod check;
pub mod records;
pub mod letters;
pub mod keep;
pub mod pool;
pub mod meter;
pub mod lane;
pub mod natives;
pub mod line;
pub mod handing;
pub mod attending;
pub mod batch;
pub mod tries;
pub mod saving;
pub mod consumer;
pub mod sight;
pub mod up;
pub mod flows;
pub mod putting;
pub mod watch;
pub mod shown;
