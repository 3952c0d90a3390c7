//! Readers, generators and writers of function-call traces, as one stream of arrivals.

pub mod arrival;
pub mod error;
pub mod profile;
pub mod trace;

pub mod cold;
pub mod durations;
pub mod placement;
pub mod reading;

pub mod bundled;
pub mod inspect;
pub mod named;
pub mod open;
pub mod sample;
pub mod save;

pub mod format;
pub mod generate;
pub mod generator;
pub mod pattern;
pub mod reader;
pub mod recipe;
pub mod write;

pub mod calls_file;
pub mod counts;
pub mod memory;
pub mod minutes;
pub mod number;
pub mod output;
pub mod problems;
pub mod reorder;
pub mod runs;
pub mod source;
pub mod table;
pub mod two_tables;
