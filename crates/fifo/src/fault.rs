//! What can be wrong with memory that somebody else writes.

use thiserror::Error;

/// A peer wrote what no honest peer writes. The party that finds it stops touching the
/// FIFO and tells the daemon, which ends the peer; nothing was read or written out of
/// bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Fault {
    /// The segment is too short, or does not say what it is.
    #[error(
        "this is no segment of a FIFO, or one of another version; open it with the program that made it"
    )]
    NotASegment,
    /// The stated capacity is no power of two or does not fit the segment.
    #[error("the stated capacity of {0} bytes does not fit the region")]
    Capacity(u64),
    /// The stated number of lanes is zero or too high.
    #[error("a FIFO cannot have {0} lanes")]
    Lanes(u64),
    /// A position lies outside of what the other end has published, or has gone back.
    #[error("position {found} is not between {low} and {high}")]
    Position {
        /// What was found.
        found: u64,
        /// The lowest position that made sense.
        low: u64,
        /// The highest position that made sense.
        high: u64,
    },
    /// A record's length leads out of what was published.
    #[error("a record at position {position} claims a length of {length}")]
    Length {
        /// Where the record is.
        position: u64,
        /// What it claims.
        length: u64,
    },
    /// The items of a lane do not follow each other.
    #[error("item {found} follows where item {expected} was due")]
    Sequence {
        /// What was found.
        found: u64,
        /// What was due.
        expected: u64,
    },
}
