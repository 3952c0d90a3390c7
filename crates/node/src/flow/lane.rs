//! The end of a lane that items are put into, by the daemon for the function it belongs to:
//! in the order of that function's answers, with what is to happen where there is no room.
//!
//! What goes to disk goes there under the sequence it has, or will have, in the ring. So
//! items that lie on disk only (`behind`) follow in their turn, and a node that comes up
//! again goes on with the first that was not done.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use swell_api::flow::{Ack, Full};
use swell_fifo::fault::Fault;
use swell_fifo::mapping::Mapping;
use swell_fifo::producer::Producer;
use swell_fifo::refusal::PushError;

use crate::flow::keep::Keep;
use crate::flow::meter::Meter;

/// The putting end of a lane.
pub(crate) struct Lane {
    /// The function whose answers come by it.
    pub(crate) from: Arc<str>,
    full: Full,
    ack: Ack,
    meter: Arc<Meter>,
    /// Whose turn it is to put something in; held while waiting for room.
    turn: tokio::sync::Mutex<()>,
    end: Mutex<End>,
    /// Told when there may be room.
    room: Notify,
    syncing: tokio::sync::Mutex<()>,
    /// Everything before this is on the disk, where that was asked for.
    synced: AtomicU64,
}

struct End {
    producer: Producer<Mapping>,
    keep: Keep,
    is_closed: bool,
}

/// What became of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Put {
    /// It is in the flow, under this sequence.
    In(u64),
    /// It was dropped, and counted as such.
    Dropped,
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
    /// The disk failed.
    Disk(io::Error),
    /// The ring refused it.
    Ring(PushError),
}

impl Lane {
    /// A lane whose ring begins at the first item that was kept.
    pub(crate) fn new(
        from: Arc<str>,
        (full, ack): (Full, Ack),
        producer: Producer<Mapping>,
        keep: Keep,
        meter: Arc<Meter>,
    ) -> Self {
        let lane = Self {
            from,
            full,
            ack,
            meter,
            turn: tokio::sync::Mutex::new(()),
            synced: AtomicU64::new(keep.next()),
            end: Mutex::new(End { producer, keep, is_closed: false }),
            room: Notify::new(),
            syncing: tokio::sync::Mutex::new(()),
        };
        let found = lane.end.lock().keep.items();
        lane.meter.put.fetch_add(found, Ordering::Relaxed);
        lane
    }

    /// Puts an item in, and waits until it is kept as was promised. It waits for room until
    /// `deadline` at most, where it is to wait.
    pub(crate) async fn put(
        &self,
        item: &[u8],
        deadline: Option<Instant>,
        stop: &CancellationToken,
    ) -> Result<Put, PutError> {
        let put = self.put_unkept(item, deadline, stop).await?;
        if let Put::In(sequence) = put {
            self.keep(sequence).await?;
        }
        Ok(put)
    }

    /// Waits until all items up to this one are kept as was promised.
    pub(crate) async fn keep(&self, sequence: u64) -> Result<(), PutError> {
        match self.ack {
            Ack::Consume => self.sync(sequence).await.map_err(PutError::Disk),
            Ack::Append => Ok(()),
        }
    }

    /// Puts an item in, which may be lost until it is [kept](Self::keep).
    pub(crate) async fn put_unkept(
        &self,
        item: &[u8],
        deadline: Option<Instant>,
        stop: &CancellationToken,
    ) -> Result<Put, PutError> {
        let waiting = self.meter.wait_begins();
        let turn = tokio::select! {
            turn = self.turn.lock() => turn,
            () = stop.cancelled() => return Err(PutError::Closed),
            () = until(deadline) => return Err(self.refused()),
        };
        let sequence = loop {
            let room = self.room.notified();
            match self.end.lock().place(item, self.full, self.ack)? {
                Placed::At(sequence, spilled) => {
                    let Meter { put, spilled: counter, .. } = &*self.meter;
                    put.fetch_add(1, Ordering::Relaxed);
                    counter.fetch_add(u64::from(spilled), Ordering::Relaxed);
                    break sequence;
                }
                Placed::Not if self.full == Full::Reject => return Err(self.refused()),
                Placed::Not if self.full == Full::DropNewest => {
                    self.meter.dropped.fetch_add(1, Ordering::Relaxed);
                    return Ok(Put::Dropped);
                }
                Placed::Not => {}
            }
            tokio::select! {
                () = room => {}
                () = stop.cancelled() => return Err(PutError::Closed),
                () = until(deadline) => return Err(self.refused()),
            }
        };
        drop((turn, waiting));
        Ok(Put::In(sequence))
    }

    /// The sequence of the next item that is put in.
    pub(crate) fn next(&self) -> u64 {
        let end = self.end.lock();
        end.producer.sequence().max(end.keep.next())
    }

    fn refused(&self) -> PutError {
        self.meter.rejected.fetch_add(1, Ordering::Relaxed);
        PutError::Full
    }

    /// Waits until the item is on the disk. One wait serves all that are written by then.
    async fn sync(&self, sequence: u64) -> io::Result<()> {
        let _syncing = self.syncing.lock().await;
        if self.synced.load(Ordering::Acquire) > sequence {
            return Ok(());
        }
        let (file, next) = {
            let end = self.end.lock();
            (end.keep.file(), end.keep.next())
        };
        if let Some(file) = file {
            let synced = tokio::task::spawn_blocking(move || file.sync_data()).await;
            synced.map_err(io::Error::other)??;
        }
        self.synced.store(next, Ordering::Release);
        Ok(())
    }

    /// Everything before `sequence` is done with: its room may be used.
    pub(crate) fn finish(&self, sequence: u64) -> io::Result<()> {
        let finished = self.end.lock().keep.finish(sequence);
        self.make_known();
        finished
    }

    /// Takes nothing more in.
    pub(crate) fn close(&self) {
        self.end.lock().is_closed = true;
        self.make_known();
    }

    /// There may be room now.
    pub(crate) fn make_known(&self) {
        self.room.notify_one();
    }

    /// Moves items from the disk into the ring as far as they fit; how many.
    pub(crate) fn pump(&self) -> Result<u64, PutError> {
        self.end.lock().pump(self.ack)
    }

    /// Items that are on disk only.
    pub(crate) fn behind(&self) -> u64 {
        self.end.lock().behind()
    }

    /// Bytes on disk.
    pub(crate) fn disk_bytes(&self) -> u64 {
        self.end.lock().keep.bytes()
    }

    /// Makes the page of a coming owner known.
    pub(crate) fn announce(&self, page: Mapping) -> Result<(), Fault> {
        self.end.lock().producer.announce(page)
    }

    /// Goes on in another region from the next item on.
    pub(crate) fn continue_in(&self, region: Mapping) -> Result<(), Fault> {
        let went_on = self.end.lock().producer.continue_in(region);
        self.make_known();
        went_on
    }

    /// Saves an item that is in memory only, as the node goes down.
    pub(crate) fn save(&self, sequence: u64, item: &[u8]) -> io::Result<()> {
        let mut end = self.end.lock();
        match end.keep.read(sequence)? {
            Some(_) => Ok(()),
            None => end.keep.append(sequence, item),
        }
    }

    /// Gets all that was kept onto the disk.
    pub(crate) fn settle(&self) -> io::Result<()> {
        let file = self.end.lock().keep.file();
        file.map_or(Ok(()), |file| file.sync_data())
    }
}

enum Placed {
    /// Under this sequence; whether only on disk for now.
    At(u64, bool),
    Not,
}

impl End {
    fn place(&mut self, item: &[u8], full: Full, ack: Ack) -> Result<Placed, PutError> {
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

    fn fits(&mut self, length: usize) -> Result<bool, PushError> {
        self.producer.wait(length, Some(Duration::ZERO))
    }

    fn behind(&self) -> u64 {
        self.keep.next().saturating_sub(self.producer.sequence().max(self.keep.first()))
    }

    fn pump(&mut self, ack: Ack) -> Result<u64, PutError> {
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

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
