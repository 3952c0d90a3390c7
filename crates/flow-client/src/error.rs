//! What can go wrong between a process and its node.

use std::io;
use std::path::Path;

use swell_fifo::door::is_mounted_alone;
use swell_fifo::fault::Fault;
pub use swell_fifo::handshake::Refused;
use thiserror::Error;

/// Why something could not be done. Nothing was done then.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The node does not let this process take part.
    #[error("the node refuses: {why}")]
    Refused {
        /// Why, for programs.
        code: Refused,
        /// Why, for people.
        why: String,
    },
    /// The node is not there, or went away and did not come back in time.
    #[error("no node answers at `{path}`: {source}; {}", hint(path))]
    Down {
        /// The socket.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// There is no room for the item, and there was none in time.
    #[error("the flow is full; push again later, or let the flow have another `full`")]
    Full,
    /// The item is too long.
    #[error("an item of {length} bytes is too long, this flow takes up to {max}; raise its `item`")]
    TooLarge {
        /// Bytes of the item.
        length: usize,
        /// Bytes it may have.
        max: u64,
    },
    /// Time is over. What was put in stays.
    #[error("the node has not taken in all items in time; it still will")]
    Late,
    /// What the node wrote makes no sense.
    #[error("the node's memory makes no sense: {0}; are process and node of one version?")]
    Fault(#[from] Fault),
}

/// What may be wrong where no node answers.
fn hint(socket: &str) -> &'static str {
    if is_mounted_alone(Path::new(socket)) {
        "this socket was mounted by itself, and a node that starts anew makes another: mount the \
         folder that it is in instead"
    } else {
        "is it up, and is that its socket?"
    }
}

impl ClientError {
    /// Whether the same may work later, without anybody changing how it is asked: a node that
    /// restarts, a flow that is not up, another process under the name.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Refused { code, .. } => code.may_pass(),
            Self::Down { .. } | Self::Full | Self::Late => true,
            Self::TooLarge { .. } | Self::Fault(_) => false,
        }
    }
}
