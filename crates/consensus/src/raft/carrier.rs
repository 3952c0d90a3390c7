//! Who brings messages to another site: the seam below the log.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use swell_core::ids::SiteId;

/// Brings messages to other sites, and their answers back.
pub trait Carrier: Send + Sync + 'static {
    /// Brings a message to a site that is reached at that address.
    fn call<'a>(
        &'a self,
        to: SiteId,
        address: &'a str,
        urgency: Urgency,
        message: Bytes,
        within: Duration,
    ) -> Carried<'a>;
}

/// An answer on its way.
pub type Carried<'a> = Pin<Box<dyn Future<Output = Result<Bytes, CarryError>> + Send + 'a>>;

/// Who goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// What keeps the log going: entries, votes, who leads.
    Urgent,
    /// What may wait a little: proposals, snapshots, transfers of workloads.
    Usual,
}

/// Why no answer came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CarryError {
    /// It did not get there, as told.
    Unreachable(String),
    /// No answer in time; it may have got there.
    TimedOut,
    /// Too much waits already to go there; it was not sent.
    Full,
}

impl fmt::Display for CarryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CarryError::Unreachable(why) => write!(f, "{why}"),
            CarryError::TimedOut => write!(f, "no answer came in time"),
            CarryError::Full => write!(f, "too many messages wait for that site already"),
        }
    }
}

impl std::error::Error for CarryError {}
