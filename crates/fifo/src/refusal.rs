//! Why an item was not put in, and what its producer can do about it.

use thiserror::Error;

use crate::fault::Fault;

/// Why an item was not put in. The lane is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PushError {
    /// There is no room until the owner commits something.
    #[error("the FIFO is full: wait for its owner, or let it drop items (`full`)")]
    Full,
    /// The item does not fit the size class.
    #[error(
        "an item of {length} bytes does not fit, this FIFO takes up to {max}; use a larger size class (`item`)"
    )]
    TooLarge {
        /// Bytes of the item.
        length: usize,
        /// Bytes an item may have.
        max: u64,
    },
    /// The owner changed, and the page of its epoch was not announced yet.
    #[error("the owner of epoch {epoch} is not known here yet: fetch its page from the daemon")]
    Moved {
        /// The epoch to ask the daemon for.
        epoch: u32,
    },
    /// The FIFO went to another node. Items from the one that got this answer on have to be
    /// sent there, under their sequence numbers; that node knows which ones it has.
    #[error(
        "the FIFO went to another node in epoch {epoch}: ask the daemon where, and send again from there"
    )]
    Away {
        /// The epoch it left in.
        epoch: u32,
    },
    /// A peer wrote nonsense.
    #[error(transparent)]
    Fault(#[from] Fault),
}
