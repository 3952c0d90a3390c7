//! What callers of contents are answered.

use std::time::Duration;

use bytes::Bytes;

use swell_core::cachegroup::action::Origin;
use swell_core::cachegroup::level::Acknowledgement;
use swell_core::cachegroup::names::Version;
use swell_core::cachegroup::session::Session;

use crate::blob::Blob;

/// What a read came to.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The content; nothing if it is not there, or no more.
    pub blob: Option<Blob>,
    /// Its version. Of one that never was there, the smallest.
    pub version: Version,
    /// Where it came from.
    pub origin: Origin,
    /// It was valid so long ago, at most.
    pub age: Duration,
    /// It waits for the data store, and only who wrote it may see it.
    pub is_pending: bool,
    /// What the caller has seen now.
    pub session: Session,
}

/// What a write came to.
#[derive(Debug, Clone)]
pub struct Writing {
    /// The new version.
    pub version: Version,
    /// Whether there was none before.
    pub is_new: bool,
    /// How safe it is.
    pub acknowledged: Acknowledgement,
    /// What the caller has seen now.
    pub session: Session,
}

/// On which version a write is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precondition {
    /// Whichever there is.
    #[default]
    None,
    /// This one, and it holds something.
    Is(Version),
    /// Any that holds something.
    Exists,
    /// One that holds nothing.
    Absent,
}

/// A new version.
#[derive(Debug, Clone)]
pub enum Change {
    /// It holds this.
    Set(Blob),
    /// It holds nothing any more.
    Delete,
}

/// Why a caller does not get what it wanted, told apart by what it would do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// There is nothing to delete.
    #[error("there is no such content")]
    NotFound,
    /// The newest version is another than the precondition wants; nothing was written.
    #[error("the newest version is {0}")]
    Precondition(Current),
    /// Others wrote meanwhile; nothing was written.
    #[error("others wrote at the same time; nothing was written")]
    Conflict,
    /// Somebody was writing all the time; nothing was done.
    #[error("somebody was writing it all the time")]
    Busy,
    /// Neither group nor data store could be reached; nothing was done.
    #[error("neither the cache group nor the data store answered{0}")]
    Unavailable(Trouble),
    /// The data store has no room; nothing was written.
    #[error("the data store is full: {0}")]
    Full(String),
    /// The data store was told and did not answer: the version may or may not become the
    /// newest.
    #[error("the data store did not say whether version {0} is written")]
    Undecided(Version),
}

/// The newest version, or that there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Current(pub Option<Version>);

impl std::fmt::Display for Current {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(version) => write!(f, "{version}"),
            None => f.write_str("none"),
        }
    }
}

/// What the data store said last, if it is in trouble.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble(pub Option<String>);

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Some(trouble) => write!(f, ": {trouble}"),
            None => Ok(()),
        }
    }
}

impl Reading {
    /// The body.
    pub fn body(&self) -> Bytes {
        self.blob.as_ref().map(Blob::body).unwrap_or_default()
    }
}

impl Precondition {
    /// Whether a version, which holds something or not, is as wanted.
    pub fn holds(self, version: Version, exists: bool) -> bool {
        match self {
            Precondition::None => true,
            Precondition::Is(wanted) => exists && version == wanted,
            Precondition::Exists => exists,
            Precondition::Absent => !exists,
        }
    }
}
