//! The one writer of a log: in the order of asking, many at once when the disk is slow.
//!
//! Whoever asks is told when it is on disk, or that it is not. After the first failure nothing
//! is written any more: what the disk did with a write that failed is not known (Rebello and
//! others, USENIX ATC 2020), and whoever goes on would promise what it may not have.

use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use redb::Database;
use tokio::sync::mpsc;

use crate::storage::mark::Witness;
use crate::storage::open::Opened;
use crate::storage::write::{Write, write_all};
use crate::types::LogId;

/// How many writes may wait.
const WAITING_MAX: usize = 1_024;
/// How many go in one commit.
const BATCH_MAX: usize = 128;

/// Told when a write is on disk, or that it is not.
pub(crate) type Done = Box<dyn FnOnce(io::Result<()>) + Send>;

/// Where writes are asked for.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    queue: mpsc::Sender<(Write, Done)>,
    committed: Arc<Mutex<Option<LogId>>>,
}

/// Who runs the writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// A thread of its own, so that nobody else waits for the disk.
    Thread,
    /// The runtime that opens the log: for disks in memory and time that does not pass.
    Task,
}

impl Writer {
    /// Starts the writer of a log.
    pub(crate) fn start(opened: Opened, run: Run) -> io::Result<Self> {
        let (queue, asked) = mpsc::channel(WAITING_MAX);
        let committed = Arc::new(Mutex::new(opened.found.committed));
        let hand = Hand {
            database: opened.database,
            witness: opened.witness,
            committed: Arc::clone(&committed),
            count: opened.found.writes,
            failed: None,
        };
        match run {
            Run::Thread => {
                let name = "council-log".to_owned();
                std::thread::Builder::new().name(name).spawn(move || hand.run_on_thread(asked))?;
            }
            Run::Task => {
                tokio::spawn(hand.run_as_task(asked));
            }
        }
        Ok(Self { queue, committed })
    }

    /// Asks for a write; comes back when there is room for it in the queue.
    pub(crate) async fn ask(&self, write: Write, done: Done) -> io::Result<()> {
        self.queue.send((write, done)).await.map_err(|_| io::Error::other("the log is closed"))
    }

    /// Asks for a write and waits until it is on disk.
    pub(crate) async fn wait(&self, write: Write) -> io::Result<()> {
        let (done, told) = tokio::sync::oneshot::channel();
        let done = Box::new(move |result| {
            let _ = done.send(result);
        });
        self.ask(write, done).await?;
        told.await.unwrap_or_else(|_| Err(io::Error::other("the log is closed")))
    }

    /// Entries up to this one are committed: to be written with whatever is written next.
    pub(crate) fn note_committed(&self, committed: Option<LogId>) {
        *self.committed.lock() = committed;
    }

    pub(crate) fn committed(&self) -> Option<LogId> {
        *self.committed.lock()
    }
}

struct Hand {
    database: Arc<Database>,
    witness: Option<Witness>,
    committed: Arc<Mutex<Option<LogId>>>,
    count: u64,
    failed: Option<String>,
}

impl Hand {
    fn run_on_thread(mut self, mut asked: mpsc::Receiver<(Write, Done)>) {
        while let Some(first) = asked.blocking_recv() {
            self.carry_out(first, &mut asked);
        }
    }

    async fn run_as_task(mut self, mut asked: mpsc::Receiver<(Write, Done)>) {
        while let Some(first) = asked.recv().await {
            self.carry_out(first, &mut asked);
        }
    }

    fn carry_out(&mut self, first: (Write, Done), asked: &mut mpsc::Receiver<(Write, Done)>) {
        let mut batch = vec![first];
        while batch.len() < BATCH_MAX
            && let Ok(next) = asked.try_recv()
        {
            batch.push(next);
        }
        if self.failed.is_none() {
            let committed = *self.committed.lock();
            let writes = batch.iter().map(|(write, _)| write);
            match write_all(&self.database, writes, committed, self.count + 1) {
                Ok(()) => self.count += 1,
                Err(damage) => {
                    tracing::error!("{damage}");
                    self.failed = Some(damage.to_string());
                }
            }
        }
        if self.failed.is_none()
            && let Some(witness) = &self.witness
            && let Err(error) = witness.testify(self.count)
        {
            tracing::warn!("the witness of the log cannot be written: {error}");
        }
        for (_, done) in batch {
            done(self.failed.as_ref().map_or(Ok(()), |why| Err(io::Error::other(why.clone()))));
        }
    }
}
