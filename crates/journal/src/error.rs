//! Why a journal cannot be read on.

use std::io::{self, ErrorKind};

use swell_core::journal_format::FormatError;

/// Why a journal cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// It never was one.
    #[error("it is not a journal")]
    Foreign,
    /// It is one of a format that this program does not know yet.
    #[error("it is a journal of format {version}, written by a newer program")]
    Newer {
        /// The version of the format.
        version: u16,
    },
    /// It ends before its end.
    #[error("it ends in the middle, after {events} whole events")]
    Cut {
        /// Events that could be read.
        events: u64,
    },
    /// It is damaged.
    #[error("it is damaged, after {events} whole events")]
    Broken {
        /// Events that could be read.
        events: u64,
    },
    /// The machine does not give its bytes.
    #[error("{0}")]
    Io(io::Error),
}

impl JournalError {
    /// What a reader met after so many events. Unpackers tell of damage as failures of
    /// reading.
    pub(crate) fn from_io(error: io::Error, events: u64) -> Self {
        match error.kind() {
            ErrorKind::UnexpectedEof => Self::Cut { events },
            ErrorKind::InvalidData | ErrorKind::InvalidInput => Self::Broken { events },
            _ => Self::Io(error),
        }
    }

    /// What the format says, after so many events.
    pub(crate) fn from_format(error: FormatError, events: u64) -> Self {
        match error {
            FormatError::Foreign => Self::Foreign,
            FormatError::Newer { version } => Self::Newer { version },
            FormatError::Broken => Self::Broken { events },
        }
    }
}
