//! What a native process and the daemon say to each other over the daemon's socket.
//!
//! A process says once who it is and what it wants (*hello*). Then only the daemon speaks: it
//! refuses, with the reason, or hands over descriptors. The socket stays open for as long as
//! the process takes part; its end is the end of the part, however it comes.
//!
//! A *producer* gets a FIFO of its own that leads to the daemon: it alone can write the region,
//! the daemon alone the two pages. The daemon takes items out of it, puts them into the lane of
//! that producer, on disk first where that was asked for, and commits. So a hostile producer
//! reaches nobody but the daemon, which trusts nothing that it finds there.
//!
//! A *consumer* stands by until it is to own the flow. Then it gets the control page and all
//! regions for reading, and the page of its epoch for writing. The daemon holds what it reads
//! there against the records themselves, and shows producers a copy of what made sense.

use serde::{Deserialize, Serialize};

/// The version of what is said here. It comes first in a hello, for good.
pub const PROTOCOL: u16 = 1;
/// The longest name of a flow or of a process.
pub const NAME_MAX: usize = 63;
/// Bytes of a region's message beside its descriptors allow no more of these.
pub const REGIONS_PER_MESSAGE: usize = 32;

/// What a process wants to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// It puts items in.
    Producer,
    /// It takes items out.
    Consumer,
}

/// From a process to the daemon, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`PROTOCOL`].
    pub protocol: u16,
    /// The flow.
    pub flow: String,
    /// The name of the process, without the `native:` that stands before it in a manifest.
    pub name: String,
    /// What it wants to be.
    pub role: Role,
    /// A producer's media type of its items; empty if nobody says.
    pub media_type: String,
}

/// When an item is forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Keeping {
    /// When it is done with; until then it survives the node.
    Consume,
    /// When it was given out.
    Append,
}

/// Why a process may not take part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refused {
    /// It speaks another version.
    Version,
    /// Its user may not.
    NotPermitted,
    /// There is no such flow.
    UnknownFlow,
    /// The flow does not name it in that role.
    NotDeclared,
    /// Another process has that name and role just now.
    Taken,
    /// The flow is not up just now.
    NotUp,
    /// The node has no room for it.
    NoRoom,
    /// What it said or wrote makes no sense.
    Nonsense,
}

impl Refused {
    /// Whether the same request may succeed a moment later.
    pub fn may_pass(self) -> bool {
        matches!(self, Self::Taken | Self::NotUp | Self::NoRoom)
    }
}

/// From the daemon to a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    /// It may not take part, or no longer.
    Refused {
        /// Why, for programs.
        code: Refused,
        /// Why, for people.
        why: String,
    },
    /// It is a producer. With the control page and the page of its epoch for reading, and the
    /// region for writing.
    Produce {
        /// The sequence of the first item; all before it were accepted earlier.
        next: u64,
        /// The longest item.
        item_max: u64,
        /// Whether it is told where there is no room, rather than waiting.
        rejects: bool,
        /// What is promised of an accepted item.
        keeping: Keeping,
    },
    /// It is a consumer that stands by: this other one owns the flow.
    StandBy {
        /// A function, or a process.
        owner: String,
    },
    /// It is to own the flow. With the control page for reading, the page of its epoch for
    /// writing. So many messages with regions follow.
    Own {
        /// The epoch.
        epoch: u32,
        /// The producers by lane.
        lanes: Vec<String>,
        /// Messages with regions that follow.
        messages: u32,
        /// What is promised of an item.
        keeping: Keeping,
    },
    /// Regions for reading, one for each of these lanes, in which they go on or begin.
    Regions {
        /// The lanes.
        lanes: Vec<u16>,
    },
    /// The node or the flow goes down in order: what was not accepted was not touched.
    Closing,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_a_message_or_none(bytes: Vec<u8>) {
            let _ = postcard::from_bytes::<Hello>(&bytes);
            let _ = postcard::from_bytes::<Told>(&bytes);
        }

        #[test]
        fn the_version_can_be_read_of_any_later_hello(rest: Vec<u8>, protocol: u16) {
            let mut bytes = postcard::to_allocvec(&protocol).expect("a number");
            bytes.extend(rest);
            let (read, _) = postcard::take_from_bytes::<u16>(&bytes).expect("it comes first");
            prop_assert_eq!(read, protocol);
        }
    }
}
