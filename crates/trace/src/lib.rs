//! Readers, generators and writers of function-call traces, as one stream of arrivals.

pub mod arrival;
pub mod error;
pub mod profile;
