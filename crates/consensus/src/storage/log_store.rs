//! The log as openraft reads and writes it.
//!
//! What was appended can be read at once, from memory until it is on disk; who waits for the
//! disk is told by the writer. What was truncated or let go of cannot be read from that moment,
//! whatever the file still holds.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io;
use std::ops::{Bound, RangeBounds};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use openraft::storage::{IOFlushed, RaftLogStorage};
use openraft::{EntryPayload, LogState, OptionalSend, RaftLogReader};
use parking_lot::Mutex;
use redb::{Database, ReadTransaction, ReadableDatabase};

use crate::replica::Replica;
use crate::storage::open::Opened;
use crate::storage::tables::{ENTRIES, Mark, opened_entry, sealed_entry, sealed_mark};
use crate::storage::write::Write;
use crate::storage::writer::{Run, Writer};
use crate::types::{LogEntry, LogId, SnapshotMeta, Types, Vote};

/// The log of a site.
#[derive(Debug, Clone)]
pub struct LogStore {
    database: Arc<Database>,
    writer: Writer,
    shelf: Arc<Mutex<Shelf>>,
    syncs: Arc<AtomicU64>,
    incarnation: u64,
    /// Who hears of what is appended.
    listener: Arc<OnceLock<Arc<Replica>>>,
}

/// What is known without the file.
#[derive(Debug)]
struct Shelf {
    vote: Option<Vote>,
    purged: Option<LogId>,
    last: Option<LogId>,
    /// The last entry that a snapshot on disk, or on its way there, stands for.
    covered: Option<LogId>,
    /// Where entries begin: behind the last that was let go of, or wherever the first was put.
    first: u64,
    /// Entries that are not on disk yet, with the number of their appending.
    unwritten: BTreeMap<u64, (u64, LogEntry)>,
    appendings: u64,
}

impl LogStore {
    /// The log that was opened.
    pub fn new(opened: Opened, run: Run) -> io::Result<Self> {
        let (database, syncs) = (Arc::clone(&opened.database), Arc::clone(&opened.syncs));
        let found = &opened.found;
        let incarnation = found.incarnation;
        let shelf = Shelf {
            vote: found.vote,
            purged: found.purged,
            last: found.last,
            covered: found.covered,
            first: next_index(found.purged),
            unwritten: BTreeMap::new(),
            appendings: 0,
        };
        let writer = Writer::start(opened, run)?;
        let shelf = Arc::new(Mutex::new(shelf));
        Ok(Self { database, writer, shelf, syncs, incarnation, listener: Arc::default() })
    }

    /// Tells this replica of what is appended from now on.
    pub(crate) fn tell(&self, replica: &Arc<Replica>) {
        // It is told once.
        let _ = self.listener.set(Arc::clone(replica));
    }

    /// Counts the starts of the site on this log.
    pub fn incarnation(&self) -> u64 {
        self.incarnation
    }

    /// How often the disk was waited for since the start.
    pub fn syncs(&self) -> u64 {
        self.syncs.load(Ordering::Relaxed)
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// Keeps a snapshot in place of the last, unless that one stands for more: one that was
    /// begun long ago must not undo one that came from the leader meanwhile.
    pub(crate) async fn keep(&self, meta: &SnapshotMeta, image: Vec<u8>) -> io::Result<()> {
        let bytes = sealed_mark(Mark::SnapshotMeta, meta).map_err(io::Error::other)?;
        {
            let mut shelf = self.shelf.lock();
            if shelf.covered.is_some() && shelf.covered >= meta.last_log_id {
                return Ok(());
            }
            shelf.covered = meta.last_log_id;
        }
        self.writer.wait(Write::Snapshot { meta: bytes, image }).await
    }
}

/// The first and the one past the last of a range.
fn ends(range: &impl RangeBounds<u64>) -> (u64, u64) {
    let first = match range.start_bound() {
        Bound::Included(first) => *first,
        Bound::Excluded(before) => before.saturating_add(1),
        Bound::Unbounded => 0,
    };
    let past = match range.end_bound() {
        Bound::Included(last) => last.saturating_add(1),
        Bound::Excluded(past) => *past,
        Bound::Unbounded => u64::MAX,
    };
    (first, past)
}

fn next_index(id: Option<LogId>) -> u64 {
    id.map_or(0, |id| id.index + 1)
}

fn from_file(reading: &ReadTransaction, index: u64) -> io::Result<LogEntry> {
    let table = reading.open_table(ENTRIES).map_err(io::Error::other)?;
    match table.get(index).map_err(io::Error::other)? {
        Some(bytes) => opened_entry(index, bytes.value()).map_err(io::Error::other),
        None => Err(io::Error::other(format!("entry {index} of the log is missing"))),
    }
}

impl RaftLogReader<Types> for LogStore {
    async fn try_get_log_entries<R: RangeBounds<u64> + Clone + Debug + OptionalSend>(
        &mut self,
        range: R,
    ) -> Result<Vec<LogEntry>, io::Error> {
        let (first, past) = ends(&range);
        let (span, mut unwritten, reading) = {
            let shelf = self.shelf.lock();
            let span = first.max(shelf.first)..past.min(next_index(shelf.last));
            if span.is_empty() {
                return Ok(Vec::new());
            }
            let unwritten: BTreeMap<u64, LogEntry> = shelf
                .unwritten
                .range(span.clone())
                .map(|(index, (_, entry))| (*index, entry.clone()))
                .collect();
            // Begun under the lock: the file has all that is not in memory, and nothing that was
            // let go of since is missing from it.
            (span, unwritten, self.database.begin_read().map_err(io::Error::other)?)
        };
        let read = |index| match unwritten.remove(&index) {
            Some(entry) => Ok(entry),
            None => from_file(&reading, index),
        };
        span.map(read).collect()
    }

    async fn read_vote(&mut self) -> Result<Option<Vote>, io::Error> {
        Ok(self.shelf.lock().vote)
    }
}

impl RaftLogStorage<Types> for LogStore {
    type LogReader = Self;

    async fn get_log_state(&mut self) -> Result<LogState<Types>, io::Error> {
        let shelf = self.shelf.lock();
        Ok(LogState { last_purged_log_id: shelf.purged, last_log_id: shelf.last })
    }

    async fn get_log_reader(&mut self) -> Self {
        self.clone()
    }

    async fn save_vote(&mut self, vote: &Vote) -> Result<(), io::Error> {
        let bytes = sealed_mark(Mark::Vote, vote).map_err(io::Error::other)?;
        self.writer.wait(Write::Vote(bytes)).await?;
        self.shelf.lock().vote = Some(*vote);
        Ok(())
    }

    async fn save_committed(&mut self, committed: Option<LogId>) -> Result<(), io::Error> {
        self.writer.note_committed(committed);
        Ok(())
    }

    async fn read_committed(&mut self) -> Result<Option<LogId>, io::Error> {
        Ok(self.writer.committed())
    }

    async fn append<I>(&mut self, entries: I, callback: IOFlushed<Types>) -> Result<(), io::Error>
    where
        I: IntoIterator<Item = LogEntry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let entries: Vec<LogEntry> = entries.into_iter().collect();
        if let Some(listener) = self.listener.get() {
            // Before they are on disk: what is said of them goes through the log as well.
            let said = entries.iter().filter_map(|entry| match &entry.payload {
                EntryPayload::Normal(said) => Some(&said.0),
                _ => None,
            });
            listener.note_appended(&said.collect::<Vec<_>>());
        }
        let sealed = |entry: &LogEntry| {
            let bytes = sealed_entry(entry).map_err(io::Error::other)?;
            Ok((entry.log_id.index, bytes))
        };
        let added = entries.iter().map(sealed).collect::<io::Result<Vec<_>>>()?;
        let appending = {
            let mut shelf = self.shelf.lock();
            shelf.appendings += 1;
            let appending = shelf.appendings;
            if shelf.last == shelf.purged
                && let Some(first) = entries.first()
            {
                shelf.first = first.log_id.index;
            }
            shelf.last = entries.last().map(|entry| entry.log_id).or(shelf.last);
            for entry in entries {
                shelf.unwritten.insert(entry.log_id.index, (appending, entry));
            }
            appending
        };
        let shelf = Arc::clone(&self.shelf);
        let done = move |result: io::Result<()>| {
            if result.is_ok() {
                // A later appending may stand in the same place by now.
                shelf.lock().unwritten.retain(|_, (number, _)| *number > appending);
            }
            callback.io_completed(result);
        };
        self.writer.ask(Write::Append(added), Box::new(done)).await
    }

    async fn truncate_after(&mut self, last: Option<LogId>) -> Result<(), io::Error> {
        let from = next_index(last);
        {
            let mut shelf = self.shelf.lock();
            shelf.unwritten.split_off(&from);
            shelf.last = shelf.last.min(last).max(shelf.purged);
        }
        self.writer.wait(Write::Truncate(from)).await
    }

    async fn purge(&mut self, upto: LogId) -> Result<(), io::Error> {
        {
            let mut shelf = self.shelf.lock();
            shelf.unwritten.retain(|index, _| *index > upto.index);
            shelf.purged = shelf.purged.max(Some(upto));
            shelf.last = shelf.last.max(Some(upto));
            shelf.first = shelf.first.max(upto.index + 1);
        }
        self.writer.wait(Write::Purge(upto)).await
    }
}
