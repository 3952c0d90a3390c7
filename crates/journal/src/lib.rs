//! Journals in files and other streams of bytes: written while minds decide, read back
//! record by record. The format itself is told in `swell_core::journal_format`; both the
//! simulator and the live node keep their journals with this.

pub mod error;
pub mod writer;
pub mod reader;
pub mod forecasts;
