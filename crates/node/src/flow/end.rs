//! The end of a lane under its lock: where an item goes, and what follows from the disk.

use std::io;
use std::time::Duration;

use swell_api::flow::{Ack, Full};
use swell_fifo::mapping::Mapping;
use swell_fifo::producer::Producer;
use swell_fifo::refusal::PushError;

use crate::flow::keep::Keep;

/// The end itself: the ring it writes, and what it keeps on disk.
pub(crate) struct End {
    pub(crate) producer: Producer<Mapping>,
    pub(crate) keep: Keep,
    pub(crate) is_closed: bool,
}

/// Why an item is not in the flow.
#[derive(Debug)]
pub(crate) enum PutError {
    /// There is no room, and no time to wait for some.
    Full,
    /// The flow goes down, or another takes its place.
    Closed,
    /// The flow is not up.
    Down,
    /// Items before these are missing.
    OutOfTurn,
    /// The flow is at another node, which does not take them; why.
    Unreached(String),
    /// The flow is at another node, which may have taken it or not: under this name, if it did;
    /// and why nobody knows.
    InDoubt { item: String, why: String },
    /// The disk failed.
    Disk(io::Error),
    /// The ring refused it.
    Ring(PushError),
}

/// What became of an item so far.
pub(crate) enum Placed {
    /// Under this sequence; whether it lies only on disk so far.
    At(u64, bool),
    /// There is no room.
    Not,
}

impl End {
    pub(crate) fn place(&mut self, item: &[u8], full: Full, ack: Ack) -> Result<Placed, PutError> {
        if self.is_closed {
            return Err(PutError::Closed);
        }
        let sequence = self.producer.sequence();
        let fits = self.behind() == 0
            && (full == Full::DropOldest || self.fits(item.len()).map_err(PutError::Ring)?);
        if fits {
            if ack == Ack::Consume {
                if !self.keep.has_room(item.len()) {
                    return Ok(Placed::Not);
                }
                self.keep.append(sequence, item).map_err(PutError::Disk)?;
            }
            self.producer.push(item).map_err(PutError::Ring)?;
            return Ok(Placed::At(sequence, false));
        }
        if full == Full::Spill && self.keep.has_room(item.len()) {
            let sequence = self.keep.next().max(sequence);
            self.keep.append(sequence, item).map_err(PutError::Disk)?;
            return Ok(Placed::At(sequence, true));
        }
        Ok(Placed::Not)
    }

    /// Whether an item of `length` bytes would be placed by these rules, none of which drops any.
    pub(crate) fn has_room(
        &mut self,
        length: usize,
        full: Full,
        ack: Ack,
    ) -> Result<bool, PutError> {
        if self.is_closed {
            return Err(PutError::Closed);
        }
        let fits = self.behind() == 0 && self.fits(length).map_err(PutError::Ring)?;
        let is_kept = if fits { ack == Ack::Consume } else { full == Full::Spill };
        Ok(if is_kept { self.keep.has_room(length) } else { fits })
    }

    fn fits(&mut self, length: usize) -> Result<bool, PushError> {
        self.producer.wait(length, Some(Duration::ZERO))
    }

    pub(crate) fn behind(&self) -> u64 {
        self.keep.next().saturating_sub(self.producer.sequence().max(self.keep.first()))
    }

    pub(crate) fn pump(&mut self, ack: Ack) -> Result<u64, PutError> {
        let mut count = 0;
        while self.behind() > 0 {
            let sequence = self.producer.sequence();
            let item = self.keep.read(sequence).map_err(PutError::Disk)?;
            let Some(item) = item else {
                let why = format!("item {sequence} is missing on disk");
                return Err(PutError::Disk(io::Error::new(io::ErrorKind::InvalidData, why)));
            };
            if !self.fits(item.len()).map_err(PutError::Ring)? {
                break;
            }
            self.producer.push(&item).map_err(PutError::Ring)?;
            if ack == Ack::Append {
                self.keep.finish(sequence + 1).map_err(PutError::Disk)?;
            }
            count += 1;
        }
        Ok(count)
    }
}
