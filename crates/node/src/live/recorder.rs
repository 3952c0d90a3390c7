//! The journal of a live run: what the mind was told and what it ordered, on disk.
//!
//! The mind hands over whole blocks under its lock; a thread of its own writes them, so a
//! slow disk holds up nobody. A journal has a share of the disk: when that is used up it
//! ends, whole and replayable, and the node goes on without. Older journals make room.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use parking_lot::Mutex;
use tokio::sync::Notify;

use swell_api::node::JournalState;
use swell_core::action::Action;
use swell_core::event::Event;
use swell_core::flow::entry::Entry;
use swell_core::ids::SiteId;
use swell_core::journal::Journal;
use swell_core::journal_format::Header;
use swell_core::time::Instant;
use swell_journal::writer::JournalWriter;

/// Blocks that may wait for the disk. A disk that is further behind ends the journal.
const BACKLOG: usize = 256;

/// Ending of the names of journals.
const ENDING: &str = "journal";

/// A journal being written.
pub(crate) struct Recorder {
    writer: Option<JournalWriter<Sink>>,
    thread: Option<JoinHandle<()>>,
    path: PathBuf,
    bytes_max: u64,
    /// Bytes that flows took of it.
    flows: u64,
    /// Whether something was recorded that the disk has not got.
    is_fresh: bool,
    fresh: Arc<Notify>,
    failure: Arc<Mutex<Option<io::Error>>>,
}

enum Message {
    Block(Vec<u8>),
    /// Everything before this is on its way to the disk.
    Reached(SyncSender<()>),
}

/// Sends what is written to the thread with the file.
struct Sink {
    messages: SyncSender<Message>,
    failure: Arc<Mutex<Option<io::Error>>>,
    bytes: u64,
}

impl Recorder {
    /// Begins a journal in `folder`, which it creates, after making room: all journals
    /// together take at most `bytes_max`.
    pub(crate) fn begin(
        folder: &Path,
        started_ms: u64,
        bytes_max: u64,
        header: &Header,
    ) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let share = bytes_max / 2;
        make_room(folder, bytes_max - share)?;
        let path = folder.join(format!("{started_ms}.{ENDING}"));
        let file = File::create(&path)?;
        let (messages, inbox) = sync_channel(BACKLOG);
        let failure = Arc::new(Mutex::new(None));
        let slot = failure.clone();
        let name = "journal".to_string();
        let thread =
            std::thread::Builder::new().name(name).spawn(move || write_all(file, &inbox, &slot))?;
        let sink = Sink { messages, failure: failure.clone(), bytes: 0 };
        let writer = Some(JournalWriter::new(sink, header)?);
        let (thread, fresh) = (Some(thread), Arc::new(Notify::new()));
        Ok(Self {
            writer,
            thread,
            path,
            bytes_max: share,
            flows: 0,
            is_fresh: false,
            fresh,
            failure,
        })
    }

    /// Rings when there is something that the disk has not got.
    pub(crate) fn fresh(&self) -> Arc<Notify> {
        self.fresh.clone()
    }

    /// Takes in whole entries about flows; whether it takes more. They may have half of the journal,
    /// so that what is decided about instances is kept whatever flows do.
    pub(crate) fn flows(&mut self, entries: &[u8]) -> bool {
        self.before_news();
        let Some(writer) = &mut self.writer else { return false };
        self.flows += entries.len() as u64;
        let has_room = self.flows <= self.bytes_max / 2;
        if has_room {
            writer.flows(entries);
        } else {
            let mut ended = Vec::new();
            Entry::Ended.put(&mut ended);
            writer.flows(&ended);
            tracing::info!("flows have used up their share of the journal");
        }
        has_room
    }

    /// Hands everything so far to the disk.
    pub(crate) fn flush(&mut self) {
        self.is_fresh = false;
        if let Some(writer) = &mut self.writer {
            writer.flush();
        }
    }

    /// How far it is.
    pub(crate) fn state(&self) -> JournalState {
        let path = Some(self.path.display().to_string());
        match &self.writer {
            Some(writer) => {
                let (events, bytes) = (writer.events(), writer.sink().bytes);
                JournalState { recording: true, path, events, bytes }
            }
            None => {
                let bytes = fs::metadata(&self.path).map_or(0, |metadata| metadata.len());
                JournalState { recording: false, path, events: 0, bytes }
            }
        }
    }

    /// Hands everything to the disk and tells where to read it, how far, and the bytes that
    /// make a whole journal of that much.
    pub(crate) fn checkpoint(&mut self) -> io::Result<Checkpoint> {
        let Some(writer) = &mut self.writer else {
            let length = fs::metadata(&self.path)?.len();
            return Ok(Checkpoint {
                path: self.path.clone(),
                length,
                end: Vec::new(),
                reached: None,
            });
        };
        let end = writer.checkpoint()?;
        let sink = writer.sink();
        let (tell, reached) = sync_channel(1);
        sink.messages.send(Message::Reached(tell)).map_err(|_| gone())?;
        let (path, length) = (self.path.clone(), sink.bytes);
        Ok(Checkpoint { path, length, end, reached: Some(reached) })
    }

    /// Ends the journal as a whole one. Says why if it could not be written to the end.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        let Some(writer) = self.writer.take() else { return Ok(()) };
        let finished = writer.finish().map(|(sink, _)| drop(sink));
        if let Some(thread) = self.thread.take() {
            thread.join().map_err(|_| gone())?;
        }
        match self.failure.lock().take() {
            Some(failure) => Err(failure),
            None => finished,
        }
    }

    fn before_news(&mut self) {
        let Some(writer) = &self.writer else { return };
        if !self.is_fresh {
            self.is_fresh = true;
            self.fresh.notify_one();
        }
        let used_up = writer.sink().bytes >= self.bytes_max;
        let failed = writer.failed() || self.failure.lock().is_some();
        if failed || used_up {
            let path = self.path.display().to_string();
            match self.end() {
                Ok(()) => tracing::info!(path, "the journal has used up its share of the disk"),
                Err(error) => tracing::warn!(path, %error, "the journal ends: cannot write it"),
            }
        }
    }
}

/// A part of a journal that can be read as a whole one.
pub(crate) struct Checkpoint {
    path: PathBuf,
    length: u64,
    end: Vec<u8>,
    reached: Option<Receiver<()>>,
}

impl Checkpoint {
    /// Reads it. Waits for the disk.
    pub(crate) fn read(self) -> io::Result<Vec<u8>> {
        use std::io::Read;
        if let Some(reached) = self.reached {
            reached.recv().map_err(|_| gone())?;
        }
        let mut bytes = Vec::new();
        File::open(&self.path)?.take(self.length).read_to_end(&mut bytes)?;
        bytes.extend(self.end);
        Ok(bytes)
    }
}

impl Journal for Recorder {
    fn event(&mut self, now: Instant, site: SiteId, event: &Event) {
        self.before_news();
        if let Some(writer) = &mut self.writer {
            writer.event(now, site, event);
        }
    }

    fn actions(&mut self, actions: &[Action]) {
        if let Some(writer) = &mut self.writer {
            writer.actions(actions);
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.failure.lock().is_some() {
            return Err(gone());
        }
        let block = Message::Block(bytes.to_vec());
        self.messages
            .try_send(block)
            .map_err(|_| io::Error::other("the disk is too slow to keep up with what happens"))?;
        self.bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write_all(mut file: File, inbox: &Receiver<Message>, failure: &Mutex<Option<io::Error>>) {
    for message in inbox {
        match message {
            Message::Block(bytes) => {
                if let Err(error) = file.write_all(&bytes) {
                    *failure.lock() = Some(error);
                    return;
                }
            }
            // Who asked may have left.
            Message::Reached(tell) => drop(tell.send(())),
        }
    }
}

fn gone() -> io::Error {
    io::Error::other("the journal can no longer be written")
}

/// Removes the oldest journals until the rest take at most `bytes`.
fn make_room(folder: &Path, bytes: u64) -> io::Result<()> {
    let mut journals = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if path.extension().is_some_and(|ending| ending == ENDING) {
            journals.push((path, entry.metadata()?.len()));
        }
    }
    // Names are times of the same length for two centuries.
    journals.sort();
    let mut total: u64 = journals.iter().map(|(_, length)| length).sum();
    for (path, length) in journals {
        if total <= bytes {
            break;
        }
        fs::remove_file(path)?;
        total -= length;
    }
    Ok(())
}
