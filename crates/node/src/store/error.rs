//! Why the store does not open or does not keep: one variant per thing that the owner of
//! the box would do next, each told as what happened and what to do.
//!
//! Nothing here repairs: a store that is damaged or too new is left exactly as it was
//! found, because a copy of it may be all that is left of somebody's functions.

use std::io;
use std::path::{Path, PathBuf};

/// Why the store does not open or does not keep.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another process has it open.
    #[error(
        "another node already works in `{}`; stop that one first, or give this one a data \
         folder of its own", folder.display()
    )]
    Locked {
        /// The data folder.
        folder: PathBuf,
    },
    /// The file is not a store, or is damaged.
    #[error(
        "the store `{}` cannot be read: {why}. It was left as it is: restore it from a backup, \
         or move it away to begin anew", path.display()
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What was found.
        why: String,
    },
    /// The file was written by a later program.
    #[error(
        "the store `{}` was written by a newer swell (its schema is {found}, this program \
         knows {known}). It was left as it is: start the newer program, or use another data \
         folder", path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: u64,
        /// The newest schema that this program knows.
        known: u64,
    },
    /// The folder or file cannot be written.
    #[error(
        "`{}` cannot be written: {why}. Give this user the right to write there, or choose \
         another data folder", path.display()
    )]
    Unwritable {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// There is no room on the disk.
    #[error(
        "the disk that holds `{}` is full, and nothing was changed; make room and try again",
        path.display()
    )]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// Something else about the disk.
    #[error("`{}` failed: {why}. Look at the disk, then try again", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
}

impl StoreError {
    /// What an error of the system means for the file or folder at `path`.
    pub fn io(path: &Path, error: &io::Error) -> Self {
        use io::ErrorKind as Kind;
        let (path, why) = (path.to_path_buf(), error.to_string());
        match error.kind() {
            Kind::StorageFull | Kind::QuotaExceeded => Self::Full { path },
            Kind::PermissionDenied
            | Kind::ReadOnlyFilesystem
            | Kind::NotADirectory
            | Kind::AlreadyExists
            | Kind::NotFound => Self::Unwritable { path, why },
            Kind::InvalidData | Kind::UnexpectedEof => Self::Corrupt { path, why },
            _ => Self::Disk { path, why },
        }
    }

    /// What an error of the database means for the file at `path`.
    pub(crate) fn database(path: &Path, error: impl Into<redb::Error>) -> Self {
        let whole = path.to_path_buf();
        match error.into() {
            redb::Error::Io(error) => Self::io(path, &error),
            redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch => {
                Self::Locked { folder: path.parent().unwrap_or(path).to_path_buf() }
            }
            redb::Error::PreviousIo | redb::Error::DatabaseClosed => {
                Self::Disk { path: whole, why: "an earlier write to it failed".to_string() }
            }
            other => Self::Corrupt { path: whole, why: other.to_string() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_says_what_to_do() {
        let path = Path::new("data/functions.redb");
        for (kind, words) in [
            (io::ErrorKind::StorageFull, "make room"),
            (io::ErrorKind::QuotaExceeded, "make room"),
            (io::ErrorKind::PermissionDenied, "right to write"),
            (io::ErrorKind::ReadOnlyFilesystem, "another data folder"),
            (io::ErrorKind::InvalidData, "left as it is"),
            (io::ErrorKind::Other, "Look at the disk"),
        ] {
            let text = StoreError::io(path, &io::Error::from(kind)).to_string();
            assert!(text.contains(words) && text.contains("functions.redb"), "{text}");
        }
        let text = StoreError::database(path, redb::DatabaseError::DatabaseAlreadyOpen).to_string();
        assert!(text.contains("`data`") && text.contains("stop that one"), "{text}");
    }
}
