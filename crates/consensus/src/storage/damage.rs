//! Why a log cannot be used, in words for whoever has to repair it.

use std::fmt;
use std::path::PathBuf;

use swell_core::council::frame::{FrameError, VERSION};
use swell_core::council::image::ImageError;
use swell_core::ids::SiteId;

/// Why a log cannot be used.
#[derive(Debug)]
pub enum Damage {
    /// A part of it is not what was written, as told.
    Broken(String),
    /// An entry is damaged, or of another program.
    Entry(FrameError),
    /// A mark is whole, and of another program.
    Mark {
        /// Which.
        name: String,
        /// Its format.
        version: u16,
    },
    /// The snapshot is damaged, or of another version.
    Image(ImageError),
    /// It is older than what this site has promised to others: an old copy was put in its place,
    /// or the disk forgot what it had confirmed.
    Older {
        /// How many writes it has seen.
        has: u64,
        /// How many it had seen before.
        had: u64,
    },
    /// It is another site's.
    Foreign {
        /// Whose.
        owner: SiteId,
    },
    /// A file of it is gone, and what this site has promised to others by it.
    Missing(PathBuf),
    /// It cannot be read or written, as told.
    Unreachable(String),
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const AGAIN: &str = "nothing was changed; keep the file for a look at it, remove this site \
                             from the cluster and let it join anew with an empty folder";
        match self {
            Damage::Broken(what) => write!(f, "the log is damaged ({what}): {AGAIN}"),
            Damage::Entry(error) if error.is_of_another_program() => {
                write!(f, "{error}; nothing was changed")
            }
            Damage::Mark { name, version } => write!(
                f,
                "what the log tells of itself (`{name}`) was written by another Swell (format \
                 {version}, and this program reads {VERSION}): run the release that all sites have; \
                 nothing was changed"
            ),
            Damage::Entry(error) => write!(f, "{error} ({AGAIN})"),
            Damage::Image(ImageError::Unknown) => {
                write!(f, "{}; nothing was changed", ImageError::Unknown)
            }
            Damage::Image(error) => write!(f, "{error} ({AGAIN})"),
            Damage::Older { has, had } => write!(
                f,
                "the log has seen {has} writes and had seen {had} before: it is an old copy, or \
                 the disk lost what it had confirmed, and this site may have promised what it no \
                 longer knows ({AGAIN})"
            ),
            Damage::Missing(path) => write!(
                f,
                "`{}` is gone or empty, though this site began its log, and it may have promised \
                 what it no longer knows: nothing was changed; bring back that file as it was when \
                 the site went down last, and no older one; or let the site leave \
                 (`swell site leave --forget`), remove it at another one (`swell site remove`), \
                 and invite it anew",
                path.display()
            ),
            Damage::Foreign { owner } => {
                write!(f, "the log is that of site {}: give each site a folder of its own", owner.0)
            }
            Damage::Unreachable(why) => {
                write!(f, "the log cannot be used: {why}; see to the disk and start again")
            }
        }
    }
}

impl std::error::Error for Damage {}

impl From<FrameError> for Damage {
    fn from(error: FrameError) -> Self {
        Damage::Entry(error)
    }
}

impl From<ImageError> for Damage {
    fn from(error: ImageError) -> Self {
        Damage::Image(error)
    }
}

impl Damage {
    /// What the store said of an operation.
    pub fn of(error: impl Into<redb::Error>) -> Self {
        match error.into() {
            redb::Error::Corrupted(what) => Damage::Broken(what),
            redb::Error::Io(error) => Damage::Unreachable(error.to_string()),
            other => Damage::Unreachable(other.to_string()),
        }
    }
}
