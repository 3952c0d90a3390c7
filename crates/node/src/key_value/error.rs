//! Why what guests keep cannot be opened, for the person who starts the node.

use std::path::PathBuf;

/// Why the file does not open.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// It is damaged, foreign, locked or cannot be written.
    #[error(
        "what functions keep by key, `{}`, cannot be opened: {why}. It was left as it is: \
         restore it from a backup, or move it away to begin with nothing", path.display()
    )]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What was found.
        why: String,
    },
    /// It was written by a later program.
    #[error(
        "what functions keep by key, `{}`, was written by a newer swell (its schema is {found}, \
         this program knows {known}). It was left as it is: start the newer program, or use \
         another data folder", path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: u64,
        /// The newest schema that this program knows.
        known: u64,
    },
}
