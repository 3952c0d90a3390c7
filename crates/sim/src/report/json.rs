//! Results for programs: one JSON document, the same bytes for the same results.
//!
//! Keys stand in the order in which the types declare them; numbers are written with as
//! many digits as it takes to read the same number back.

use std::io::{self, Write};

use crate::results::Results;

/// Writes `{rows, bounds, curve, planned, interrupted}`.
pub fn write(results: &Results, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, results)?;
    writeln!(out)
}
