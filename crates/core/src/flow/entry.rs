//! What a journal holds of the flow analyzer: all that it was told and all that it ordered, in order,
//! so that a fresh one can be told the same; and now and then how a flow stood, for people and
//! simulators.

use serde::{Deserialize, Serialize};

use crate::flow::affinity::{Busyness, CoreWords, Place};
use crate::flow::policy::Verdict;
use crate::flow::signs::Signs;
use crate::flow::view::{FifoId, OwnerId};
use crate::time::Span;

/// One entry. Times are counted in milliseconds from the entry before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Entry {
    /// An analyzer begins. Nothing of one before counts any longer.
    Begun {
        /// The rule, as the setting `flow.policy` has it.
        policy: String,
        /// The seed of its chance.
        seed: u64,
    },
    /// What a FIFO is called, and those who can own it, in the order of their numbers.
    Named {
        /// Which.
        fifo: FifoId,
        /// Its name.
        name: String,
        /// The names of those who can own it.
        owners: Vec<String>,
    },
    /// A tick in which at least one FIFO was awake.
    Looked {
        /// Milliseconds since the entry before.
        passed: u64,
        /// FIFOs whose signs are others than at the tick before, in their order.
        changes: Vec<Change>,
        /// FIFOs that were looked at closely, in the order they were judged in.
        close: Vec<Close>,
        /// What was ordered.
        orders: Vec<Order>,
    },
    /// The owner of a FIFO was examined, and gets nothing done.
    Relieved {
        /// Milliseconds since the entry before.
        passed: u64,
        /// The FIFO.
        close: Close,
        /// Who shall own it instead, if anybody.
        to: Option<OwnerId>,
    },
    /// A FIFO changed hands, as was ordered.
    Moved {
        /// Milliseconds since the entry before.
        passed: u64,
        /// Which.
        fifo: FifoId,
        /// From the order to the new owner's beginning.
        pause: Span,
        /// Items that were in it then.
        items: u64,
    },
    /// Somebody else gave a FIFO to another owner: a person, or a process that came or went.
    Given {
        /// Milliseconds since the entry before.
        passed: u64,
        /// Which.
        fifo: FifoId,
        /// Who had it.
        from: OwnerId,
        /// Who has it.
        to: OwnerId,
    },
    /// Where owners of busy FIFOs work, or are to.
    Seated {
        /// Milliseconds since the entry before.
        passed: u64,
        /// How cores stand; none if as in the entry of this kind before.
        cores: Vec<CoreWords>,
        /// FIFOs that are busy, or were not long ago.
        fifos: Vec<Busyness>,
        /// Where owners are to work from now on.
        places: Vec<(FifoId, Place)>,
    },
    /// An order to change hands came to nothing.
    Refused {
        /// Which.
        fifo: FifoId,
        /// Why.
        why: String,
    },
    /// A FIFO is no more.
    Removed {
        /// Which.
        fifo: FifoId,
    },
    /// How a FIFO stood; nothing was decided by it.
    Shown {
        /// Milliseconds since the entry before.
        passed: u64,
        /// The FIFO.
        close: Close,
        /// Items put in so far.
        put: u64,
        /// Bytes of an item, on average.
        item_bytes: u64,
    },
    /// Nothing is recorded of flows from here on: they had their share of the journal.
    Ended,
    /// A FIFO keeps a region that it was to change.
    Kept {
        /// Which.
        fifo: FifoId,
        /// Why.
        why: String,
    },
    /// A FIFO came from another node.
    Came {
        /// Milliseconds since the entry before.
        passed: u64,
        /// Which.
        fifo: FifoId,
        /// How often it went back to a node within a while.
        returns: u32,
    },
}

/// A FIFO whose signs changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// By how much its number is more than that of the one before, less one; the number itself of
    /// the first.
    pub step: u32,
    /// Its signs; nothing if it was not looked at any more.
    pub signs: Option<Signs>,
    /// Ticks just before in which it rested.
    pub rested: u32,
}

/// A FIFO that was looked at closely, as [`words`](crate::flow::words) by what differs from the last
/// such look at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Close {
    /// Which.
    pub fifo: FifoId,
    /// How many own it or could.
    pub parties: u8,
    /// What differs.
    pub difference: Vec<u8>,
}

/// What is to be done with a FIFO.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Which.
    pub fifo: FifoId,
    /// What: anything but to stay.
    pub verdict: Verdict,
}

impl Entry {
    /// Adds it to the bytes of a journal.
    pub fn put(&self, bytes: &mut Vec<u8>) {
        let taken = std::mem::take(bytes);
        *bytes = postcard::to_extend(self, taken).expect("a vector takes every encoding");
    }

    /// Reads the entry that `bytes` begin with, and returns what follows it; nothing if they begin
    /// with none. Takes memory in proportion to the bytes it reads, whatever they claim.
    pub fn take(bytes: &[u8]) -> Option<(Self, &[u8])> {
        postcard::take_from_bytes(bytes).ok()
    }
}
