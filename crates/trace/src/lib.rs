//! Readers, generators and writers of function-call traces, as one stream of arrivals.

pub mod arrival;
pub mod bundled;
pub mod calls_file;
pub mod counts;
pub mod durations;
pub mod error;
pub mod format;
pub mod memory;
pub mod minutes;
pub mod number;
pub mod open;
pub mod placement;
pub mod problems;
pub mod profile;
pub mod reader;
pub mod reading;
pub mod reorder;
pub mod runs;
pub mod source;
pub mod table;
pub mod trace;
