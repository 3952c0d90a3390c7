//! Results for programs: one JSON document, the same bytes for the same results.

use std::io::{self, Write};

use crate::cache::experiment::Results;

/// Writes `{rows, published, planned, interrupted}`.
pub fn write(results: &Results, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, results)?;
    writeln!(out)
}
