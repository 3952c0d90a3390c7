//! What can be wrong with a trace.

use std::path::PathBuf;

/// Why a trace could not be read or written. Boxed where it travels per chunk, so that
/// results stay small.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The operating system refused.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// What was tried: `open`, `read`, `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A row does not say what the format promises.
    #[error("`{file}` line {line}, column `{column}`: {found}, expected {expected}")]
    Row {
        /// The file as the user named it.
        file: String,
        /// Line number, from 1, header included.
        line: u64,
        /// The column's name.
        column: String,
        /// What stands there.
        found: String,
        /// What should stand there.
        expected: String,
    },
    /// The files do not form a trace of any known format.
    #[error("{0}")]
    Format(String),
}
