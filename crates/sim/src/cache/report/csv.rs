//! Results for spreadsheets: a header, then one line per run.

use std::io::{self, Write};

use crate::cache::experiment::Results;

/// Writes the rows; absent values are empty.
pub fn write(results: &Results, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    for row in &results.rows {
        writer.serialize(row).map_err(io::Error::other)?;
    }
    writer.flush()
}
