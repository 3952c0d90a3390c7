//! What happens to an item that finds its FIFO full.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::producer::Producer;
use crate::refusal::PushError;
use crate::shared::Shared;

/// What a flow asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Full {
    /// The producer waits.
    #[default]
    Block,
    /// The producer is told.
    Reject,
    /// The oldest item goes. The FIFO is made lossy for it.
    DropOldest,
    /// The item itself goes.
    DropNewest,
}

/// What became of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is in the FIFO.
    In,
    /// It was dropped, and counted as such.
    Dropped,
}

impl Full {
    const NAMES: [(&'static str, Full); 4] = [
        ("block", Full::Block),
        ("reject", Full::Reject),
        ("drop-oldest", Full::DropOldest),
        ("drop-newest", Full::DropNewest),
    ];

    /// Whether the FIFO has to be made lossy.
    pub fn is_lossy(self) -> bool {
        self == Full::DropOldest
    }

    /// Puts an item in, and does what was asked for where there is no room. A producer that
    /// blocks does so at most for `limit`; then the FIFO is full to it, too.
    pub fn put<S: Shared>(
        self,
        producer: &mut Producer<S>,
        item: &[u8],
        limit: Option<Duration>,
    ) -> Result<Put, PushError> {
        match producer.push(item) {
            Ok(()) => Ok(Put::In),
            Err(PushError::Full) => match self {
                Full::Block => {
                    producer.wait(item.len(), limit)?;
                    producer.push(item).map(|()| Put::In)
                }
                // A FIFO that was not made lossy cannot drop what its owner may be reading.
                Full::Reject | Full::DropOldest => Err(PushError::Full),
                Full::DropNewest => {
                    producer.count_dropped();
                    Ok(Put::Dropped)
                }
            },
            Err(error) => Err(error),
        }
    }
}

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::NAMES.iter().find(|(_, full)| full == self);
        f.write_str(name.expect("all have names").0)
    }
}

impl FromStr for Full {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::NAMES.iter().find(|(name, _)| *name == text);
        found.map(|(_, full)| *full).ok_or_else(|| {
            let names = Self::NAMES.map(|(name, _)| name).join(", ");
            format!("`{text}` is not what a full FIFO can do; choose one of {names}")
        })
    }
}
