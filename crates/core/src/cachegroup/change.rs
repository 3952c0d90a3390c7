//! A change of the voters of a group, as its leader carries it out, and why one is refused.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::cachegroup::names::{NodeId, Ticket};
use crate::cachegroup::voters::Voters;
use crate::time::Instant;

/// How far a change has come.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Progress {
    /// The next voters are asked to support the leader. Nothing is decided, and all can be given
    /// up.
    Asking {
        /// When it is given up.
        until: Instant,
    },
    /// The data store was told, and may have heard: the leader needs both lists until it knows.
    Telling {
        /// When to tell it again.
        due: Instant,
    },
}

/// A change under way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Change {
    /// Who is to vote.
    pub next: Voters,
    /// Who asked for it, and by which operation.
    pub asker: (NodeId, Ticket),
    /// How far it has come.
    pub progress: Progress,
}

impl Change {
    /// Whether the next list may be in office.
    pub fn is_told(&self) -> bool {
        matches!(self.progress, Progress::Telling { .. })
    }

    /// When there is something to do for it.
    pub fn due(&self) -> Instant {
        match self.progress {
            Progress::Asking { until } => until,
            Progress::Telling { due } => due,
        }
    }
}

/// Why voters stay as they are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Unchanged {
    /// Nobody is known to lead the group, or who was asked does not.
    NoLeader,
    /// Another list is in office than the one that was to be changed.
    Another(Voters),
    /// Another change is under way.
    UnderWay,
    /// Versions wait for the data store with the voters in office.
    Waiting,
    /// Of these nobody answered the leader, or too few of the next voters did.
    Silent(Vec<NodeId>),
    /// The list is empty, too long, or has somebody twice.
    NoList,
}

impl fmt::Display for Unchanged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unchanged::NoLeader => "no leader of the group is known",
            Unchanged::Another(_) => "the voters were changed meanwhile",
            Unchanged::UnderWay => "another change of its voters is under way",
            Unchanged::Waiting => "versions wait with its voters for the data store",
            Unchanged::Silent(_) => "too few of the next voters answered the leader",
            Unchanged::NoList => "the list is empty, too long, or has somebody twice",
        })
    }
}
