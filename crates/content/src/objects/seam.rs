//! What a data store needs of whoever keeps its objects: get, and put on a condition.
//!
//! Anything that can put an object if it is not there yet, or if it is still the one that was
//! read, can be a data store. Every tenant passes the suite in `tests/objects`.

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;

/// Something under way.
pub type Doing<'a, T> = Pin<Box<dyn Future<Output = Result<T, ObjectError>> + Send + 'a>>;

/// Tells one state of an object from all others it had or will have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The entity tag.
    pub e_tag: Option<String>,
    /// The version, where objects have any.
    pub version: Option<String>,
}

/// An object as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it held.
    pub bytes: Bytes,
    /// Which state that was.
    pub mark: Mark,
}

/// What came of a put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is there, as after a power cut.
    Done,
    /// The object is not as the condition says; nothing was changed.
    Differs,
}

/// On which condition an object is put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// There is none of that key.
    Absent,
    /// It is still in this state.
    Is(Mark),
}

/// Why nothing came of it, told apart by what comes next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    /// Whoever keeps the objects could not be reached or did not answer in time: later.
    #[error("{0}")]
    Unavailable(String),
    /// There is no room: somebody has to make some.
    #[error("{0}")]
    Full(String),
}

/// Who keeps objects by key. Keys are parts with `/` between them, of letters, digits, `.`,
/// `_`, `-` and `=`; no key is the beginning of parts of another.
///
/// Dropping what is under way leaves an object as it was or as it was to be.
pub trait Objects: Send + Sync {
    /// The object of a key, if there is one.
    fn get<'a>(&'a self, key: &'a str) -> Doing<'a, Option<Found>>;

    /// Puts an object on a condition, whole or not at all. [`Put::Differs`] may come of a try
    /// that was carried out and whose answer was lost.
    fn put<'a>(&'a self, key: &'a str, bytes: Bytes, condition: Condition) -> Doing<'a, Put>;

    /// Removes an object; one that is not there is no failure.
    fn delete<'a>(&'a self, key: &'a str) -> Doing<'a, ()>;

    /// The last parts of all keys that are `prefix` and one part, in order.
    fn list<'a>(&'a self, prefix: &'a str) -> Doing<'a, Vec<String>>;

    /// Where it is, for people.
    fn describe(&self) -> String;
}
