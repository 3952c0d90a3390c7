//! The words of cache groups: who, what, and in which order.
//!
//! A name of a content is a string only outside; in here it is its hash, which all nodes
//! compute alike. Three counters order everything: an [`Epoch`] numbers the leaders of a
//! group, a [`Version`] the writes of a content, a [`Sequence`] the moments at which a group
//! learned of a write.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::units::Bytes;

/// A content, by the hash of its workload and name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ContentId(pub u128);

/// A node that can be a member or leader of groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeId(pub u32);

/// A cache group. Every workload has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GroupId(pub u32);

/// The reign of one leader. The data store counts it up by compare-and-set, so that no two
/// leaders of a group ever have the same.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Epoch(pub u64);

impl Epoch {
    /// The reign after this one.
    pub fn next(self) -> Epoch {
        Epoch(self.0.saturating_add(1))
    }
}

/// A write of a content, and the fencing token that allowed it: they are the same number.
/// Versions of one content are compared field by field.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Version {
    /// How often the content has changed its group. Epochs of two groups cannot be compared;
    /// this keeps every token of the former group below every token of the next.
    pub tenure: u32,
    /// The reign in which the token was given out.
    pub epoch: Epoch,
    /// Counts the tokens of a reign.
    pub counter: u64,
}

impl Version {
    /// Of a content that was never written. Smaller than any token.
    pub const NEVER: Version = Version { tenure: 0, epoch: Epoch(0), counter: 0 };
}

/// `0.3.17`: tenure, epoch and counter.
impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.tenure, self.epoch.0, self.counter)
    }
}

/// What was written where a version was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionError(String);

impl fmt::Display for VersionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not a version; write the three numbers of an `ETag` as it was given, such \
             as `0.3.17`",
            self.0
        )
    }
}

impl std::error::Error for VersionError {}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let refuse = || VersionError(text.chars().take(40).collect());
        let mut parts = text.split('.');
        let mut part = || {
            let digits = parts.next().filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
            digits.and_then(|digits| digits.parse::<u64>().ok()).ok_or_else(refuse)
        };
        let tenure = u32::try_from(part()?).map_err(|_| refuse())?;
        let version = Version { tenure, epoch: Epoch(part()?), counter: part()? };
        if parts.next().is_some() { Err(refuse()) } else { Ok(version) }
    }
}

/// A moment in the life of a group: its leader counts up whenever it learns of a write.
///
/// This, and not the token, is the clock of causality. A token is given out before its write
/// is visible, so a later token says nothing about what its reader may have seen.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Sequence {
    /// The reign of the leader that counted.
    pub epoch: Epoch,
    /// Counts the writes that became visible in the reign.
    pub counter: u64,
}

impl Sequence {
    /// Before anything happened.
    pub const START: Sequence = Sequence { epoch: Epoch(0), counter: 0 };

    /// Later than all that happens in a reign, and earlier than the next one.
    pub const fn end_of(epoch: Epoch) -> Sequence {
        Sequence { epoch, counter: u64::MAX }
    }
}

/// A SHA-256 of the bytes of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Digest(pub [u8; 32]);

/// What the bytes of a version are, without the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Payload {
    /// Tells whether bytes are these bytes.
    pub digest: Digest,
    /// How many.
    pub size: Bytes,
}

/// One operation of one run of a node. Answers carry the ticket of what they answer, so that
/// neither a former life's answers nor those to another operation are taken for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ticket {
    /// Counts the starts of the node.
    pub incarnation: u64,
    /// Counts its operations.
    pub number: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_by_tenure_then_epoch_then_counter() {
        let version = |tenure, epoch, counter| Version { tenure, epoch: Epoch(epoch), counter };
        let rising = [version(0, 0, 0), version(0, 1, 9), version(0, 2, 1), version(1, 0, 0)];
        assert!(rising.is_sorted());
        assert!(Sequence::end_of(Epoch(1)) < Sequence { epoch: Epoch(2), counter: 0 });
    }

    #[test]
    fn versions_are_read_as_they_are_written() {
        for (text, expected) in [
            ("0.3.17", Some(Version { tenure: 0, epoch: Epoch(3), counter: 17 })),
            ("1.0.0", Some(Version { tenure: 1, epoch: Epoch(0), counter: 0 })),
            ("0.3", None),
            ("0.3.17.1", None),
            ("0..1", None),
            ("-1.0.0", None),
            ("+1.0.0", None),
            ("4294967296.0.0", None),
            ("", None),
        ] {
            assert_eq!(text.parse::<Version>().ok(), expected, "{text}");
        }
        let version = Version { tenure: 2, epoch: Epoch(5), counter: 8 };
        assert_eq!(version.to_string().parse(), Ok(version));
    }
}
