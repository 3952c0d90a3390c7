//! The end of a lane that items are put into, by the daemon for the function it belongs to:
//! in the order of that function's answers, with what is to happen where there is no room.
//!
//! What goes to disk goes there under the sequence it has, or will have, in the ring. So
//! items that lie on disk only (`behind`) follow in their turn, and a node that comes up
//! again goes on with the first that was not done.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use swell_api::flow::{Ack, Full};
use swell_fifo::fault::Fault;
use swell_fifo::mapping::Mapping;
use swell_fifo::producer::Producer;

use crate::flow::end::{End, Placed, PutError};
use crate::flow::keep::Keep;
use crate::flow::meter::{Meter, now_us};
use crate::flow::short::Short;

/// The putting end of a lane.
pub(crate) struct Lane {
    /// The function whose answers come by it.
    pub(crate) from: Arc<str>,
    pub(crate) full: Full,
    pub(crate) ack: Ack,
    born: u64,
    /// The number its ring began with.
    begun_at: u64,
    pub(crate) meter: Arc<Meter>,
    /// Whose turn it is to put something in; held while waiting for room.
    pub(crate) turn: tokio::sync::Mutex<()>,
    pub(crate) end: Mutex<End>,
    /// Told when there may be room.
    pub(crate) room: Notify,
    pub(crate) short: Short,
    syncing: tokio::sync::Mutex<()>,
    /// The sequence after the last item that was taken out.
    reached: AtomicU64,
    /// Items that were overwritten and that the owner has not come to, as they are counted.
    given_up: Mutex<u64>,
    /// Everything before this is on the disk, where that was asked for.
    synced: AtomicU64,
}

/// Until when to wait for room, what ends that before, and whom to stir for it.
type Patience<'a> = (Option<Instant>, &'a CancellationToken, &'a Notify);

/// What became of items that were put in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Put {
    /// With so many, from the first on, the lane is done.
    pub(crate) count: u32,
    /// Of these it dropped so many, and counted them as such.
    pub(crate) dropped: u32,
    /// The sequence of the last that is in it.
    pub(crate) last: Option<u64>,
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
            begun_at: producer.sequence(),
            reached: AtomicU64::new(producer.sequence()),
            given_up: Mutex::default(),
            born: if ack == Ack::Append { now_us() } else { 0 },
            meter,
            turn: tokio::sync::Mutex::new(()),
            synced: AtomicU64::new(keep.next()),
            end: Mutex::new(End { producer, keep, is_closed: false }),
            room: Notify::new(),
            short: Short::default(),
            syncing: tokio::sync::Mutex::new(()),
        };
        let found = lane.end.lock().keep.items();
        lane.meter.counters().put.fetch_add(found, Ordering::Relaxed);
        lane
    }

    /// Puts items in that have numbers, the first of which is `first`. Those that are in it
    /// already are passed over, and counted as what it was done with; if others are missing
    /// before them it comes to nothing.
    pub(crate) async fn put_numbered(
        &self,
        first: u64,
        items: &[Vec<u8>],
        deadline: Option<Instant>,
        stop: &CancellationToken,
        stir: &Notify,
    ) -> (Put, Result<(), PutError>) {
        self.put_from(Some(first), items, (deadline, stop, stir)).await
    }

    /// Puts items in, in this order. It waits for room until `deadline` at most, where it is to
    /// wait, and then stirs whoever takes items out first. What it was done with by the end,
    /// and why it went no further.
    pub(crate) async fn put(
        &self,
        items: &[Vec<u8>],
        deadline: Option<Instant>,
        stop: &CancellationToken,
        stir: &Notify,
    ) -> (Put, Result<(), PutError>) {
        self.put_from(None, items, (deadline, stop, stir)).await
    }

    /// Puts items in as [`put`](Self::put) does, but they may be lost until they are
    /// [kept](Self::keep).
    pub(crate) async fn put_unkept(
        &self,
        items: &[Vec<u8>],
        stop: &CancellationToken,
        stir: &Notify,
    ) -> (Put, Result<(), PutError>) {
        let mut put = Put::default();
        let placed = self.place_all(None, items, &mut put, (None, stop, stir)).await;
        self.meter.stirred();
        stir.notify_one();
        (put, placed)
    }

    /// Waits until all items up to this one are kept as was promised.
    pub(crate) async fn keep(&self, sequence: u64) -> Result<(), PutError> {
        match self.ack {
            Ack::Consume => self.sync(sequence).await.map_err(PutError::Disk),
            Ack::Append => Ok(()),
        }
    }

    async fn put_from(
        &self,
        first: Option<u64>,
        items: &[Vec<u8>],
        patience: Patience<'_>,
    ) -> (Put, Result<(), PutError>) {
        let mut put = Put::default();
        let placed = self.place_all(first, items, &mut put, patience).await;
        self.meter.stirred();
        patience.2.notify_one();
        let Some(last) = put.last else { return (put, placed) };
        match self.keep(last).await {
            Ok(()) => (put, placed),
            Err(error) => (put, Err(error)),
        }
    }

    async fn place_all(
        &self,
        first: Option<u64>,
        items: &[Vec<u8>],
        put: &mut Put,
        (deadline, stop, stir): Patience<'_>,
    ) -> Result<(), PutError> {
        let _waiting = self.meter.wait_begins();
        let _turn = tokio::select! {
            turn = self.turn.lock() => turn,
            () = stop.cancelled() => return Err(PutError::Closed),
            () = until(deadline) => return Err(self.refused()),
        };
        if let Some(first) = first {
            let due = self.due();
            if first > due {
                return Err(PutError::OutOfTurn);
            }
            put.count = (due - first).min(items.len() as u64) as u32;
            // They may be on their way to the disk only.
            put.last = due.checked_sub(1).filter(|_| put.count > 0);
        }
        while let Some(item) = items.get(put.count as usize) {
            let room = self.room.notified();
            let placed = self.end.lock().place(item, self.full, self.ack)?;
            match placed {
                Placed::At(sequence, spilled) => {
                    self.meter.counters().put.fetch_add(1, Ordering::Relaxed);
                    self.meter.counters().spilled.fetch_add(u64::from(spilled), Ordering::Relaxed);
                    if spilled {
                        self.short.note();
                    }
                    if self.full == Full::DropOldest {
                        self.count_given_up();
                    }
                    (put.count, put.last) = (put.count + 1, Some(sequence));
                    continue;
                }
                Placed::Not if self.full == Full::Reject => return Err(self.refused()),
                Placed::Not if self.full == Full::DropNewest => {
                    self.short.note();
                    self.meter.counters().dropped.fetch_add(1, Ordering::Relaxed);
                    (put.count, put.dropped) = (put.count + 1, put.dropped + 1);
                    continue;
                }
                // Who watches a flow that rested must see that it is full: it may get more room.
                Placed::Not => {
                    self.meter.stirred();
                    stir.notify_one();
                }
            }
            let _waits = self.short.wait();
            tokio::select! {
                () = room => {}
                () = stop.cancelled() => return Err(PutError::Closed),
                () = until(deadline) => return Err(self.refused()),
            }
        }
        Ok(())
    }

    /// The item with this sequence was taken out: those that were overwritten before it are counted.
    pub(crate) fn took(&self, sequence: u64) {
        let due = self.reached.fetch_max(sequence + 1, Ordering::Relaxed);
        let missed = sequence.saturating_sub(due);
        if missed > 0 {
            self.short.note();
            self.meter.counters().overwritten.fetch_add(missed, Ordering::Relaxed);
            self.count_given_up();
        }
    }

    /// Items that were overwritten count from then on, and not only once the owner comes to those
    /// behind them.
    fn count_given_up(&self) {
        let kept_from = self.end.lock().producer.kept_from();
        let mut counted = self.given_up.lock();
        let now = kept_from.saturating_sub(self.reached.load(Ordering::Relaxed));
        if now > *counted {
            self.short.note();
        }
        // Less is added by going all the way around: the owner has come to those and counted them.
        let change = now.wrapping_sub(*counted);
        self.meter.counters().overwritten.fetch_add(change, Ordering::Relaxed);
        *counted = now;
    }

    /// Whether it was short of room within the last second.
    pub(crate) fn was_short(&self) -> bool {
        self.short.was_lately()
    }

    /// It has no room for an item, which is counted.
    pub(crate) fn refused(&self) -> PutError {
        self.short.note();
        self.meter.counters().rejected.fetch_add(1, Ordering::Relaxed);
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

    /// The number of the item that is due.
    pub(crate) fn due(&self) -> u64 {
        let end = self.end.lock();
        end.keep.next().max(end.producer.sequence())
    }

    /// Whether items were ever put in, as far as is known.
    pub(crate) fn has_items(&self) -> bool {
        let end = self.end.lock();
        end.keep.next() > 0 || end.producer.sequence() > self.begun_at
    }

    /// Another in each life of a lane whose items do not outlive it.
    pub(crate) fn born(&self) -> u64 {
        self.born
    }

    /// Items that are kept on disk, from `sequence` on; see [`Keep::run_from`].
    pub(crate) fn run_from(
        &self,
        sequence: u64,
        bytes_max: usize,
    ) -> io::Result<(u64, Vec<Vec<u8>>)> {
        self.end.lock().keep.run_from(sequence, bytes_max)
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

/// Waits until then, or for ever.
pub(crate) async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use swell_core::flow::view::FifoId;

    use crate::flow::alone::flow_alone;
    use crate::flow::news::News;

    #[tokio::test]
    async fn a_flow_that_rested_is_looked_at_while_somebody_waits_for_room_in_it() {
        let news = News::default();
        let (line, _folder) = flow_alone(&news, 7, 0);
        let watched = news.bell(FifoId(7));
        let items = vec![vec![1; 32]; 100_000];
        let stop = CancellationToken::new();
        let mut put = pin!(line.lanes[0].put_unkept(&items, &stop, &line.stir));
        assert!(put.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert_eq!(watched.block.take(), 1 << 7, "who watches it does not hear that it is full");
    }
}
