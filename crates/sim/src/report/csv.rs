//! Results for spreadsheets: one line per run, the columns named as in the rows.

use std::io::{self, Write};

use crate::results::Results;

/// Writes a header and one line per row; absent values are empty.
pub fn write(results: &Results, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    for row in &results.rows {
        writer.serialize(row).map_err(io::Error::other)?;
    }
    writer.flush()
}
