//! How a leader helps those who ask it to what they lack.

use std::fmt;
use std::str::FromStr;

use crate::units::Bytes;

/// How a leader helps a member to bytes that the member lacks. Only the cost differs: a member
/// takes the version that it was told of and no other, whoever sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Way {
    /// It says who has them, as the deck does: two round trips, and one of them to the leader.
    #[default]
    Point,
    /// It passes the question on to the member that has them: one way less.
    Forward,
    /// The same, and what no member has it asks of the data store itself, for all who wait
    /// for it together. This is for bytes that are not many, as they pass the leader; of longer
    /// versions it only says that the data store has them.
    Relay,
}

/// The longest version that passes a leader on its way from the data store.
pub const RELAYED_MAX: Bytes = Bytes::new(256 << 10);

impl Way {
    /// All of them.
    pub const ALL: [Way; 3] = [Way::Point, Way::Forward, Way::Relay];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Way::Point => "point",
            Way::Forward => "forward",
            Way::Relay => "relay",
        }
    }

    /// Whether the leader passes questions on to members.
    pub fn forwards(self) -> bool {
        self != Way::Point
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Way {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Way::ALL.into_iter().find(|way| way.word() == text);
        found.ok_or_else(|| {
            let short: String = text.chars().take(40).collect();
            format!("`{short}` is no way of a leader; use `point`, `forward` or `relay`")
        })
    }
}
