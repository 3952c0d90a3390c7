//! The queue on disk: one database file, `queue.redb`.
//!
//! Steps come one after another through one thread, which takes all that wait and writes
//! them together, because a disk takes as long for one as for many. Whoever asked hears
//! when the step would survive a power cut.

use std::path::Path;
use std::sync::Arc;
use std::thread;

use redb::{ReadableTable, TableDefinition, WriteTransaction};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::queue::entry::Entry;
use crate::store::database::{File, Kind, Trouble};
use crate::store::error::StoreError;

/// Name of the file in the data folder.
pub const FILE: &str = "queue.redb";
/// Steps that are written together.
const BATCH_MAX: usize = 256;
/// Steps that may wait to be written.
const STEPS_MAX: usize = 1_024;

const CALLS: TableDefinition<u128, &[u8]> = TableDefinition::new("calls");
const REQUESTS: TableDefinition<u128, &[u8]> = TableDefinition::new("requests");
const ANSWERS: TableDefinition<u128, &[u8]> = TableDefinition::new("answers");
const KEYS: TableDefinition<(&str, &str), u128> = TableDefinition::new("keys");
const MARKS: TableDefinition<&str, u64> = TableDefinition::new("marks");
/// By call that came from another node, the number of its latest passage.
const HANDED: TableDefinition<u128, u32> = TableDefinition::new("handed");
/// By call that went to another node, the site.
const MOVED: TableDefinition<u128, &str> = TableDefinition::new("moved");
/// How long passages are remembered after their calls were accepted.
const PASSAGES_KEPT_MS: u64 = 30 * 86_400_000;

const KIND: Kind = Kind {
    file: FILE,
    keeps: "queues",
    schema: 1,
    cache_bytes: 16 << 20,
    checked: false,
    tables: |transaction| {
        transaction.open_table(CALLS)?;
        transaction.open_table(REQUESTS)?;
        transaction.open_table(ANSWERS)?;
        transaction.open_table(KEYS)?;
        transaction.open_table(MARKS)?;
        Ok(())
    },
};

/// What changes together: all of it or nothing.
#[derive(Debug, Default)]
pub struct Step {
    /// New calls, with the bodies of their requests.
    pub add: Vec<(Entry, bytes::Bytes)>,
    /// Calls that changed.
    pub change: Vec<Change>,
    /// Calls to be forgotten.
    pub remove: Vec<Uuid>,
    /// A time to be remembered under a name.
    pub mark: Option<(String, u64)>,
    /// Calls that come from another node, with the bodies of their requests.
    pub take: Vec<(Entry, bytes::Bytes)>,
    /// Passages of calls that are not to arrive any more.
    pub bar: Vec<(Uuid, u32)>,
    /// Calls of `remove` that went to a site.
    pub moved: Option<String>,
}

/// How a call changed.
#[derive(Debug)]
pub struct Change {
    /// The call as it is now.
    pub entry: Entry,
    /// The body of its answer, if it has a new one.
    pub answer: Option<bytes::Bytes>,
    /// Whether the body of its request is not needed any longer.
    pub drop_request: bool,
}

/// For each call that a step adds, and then for each that it takes: whether it is new, or else
/// the call that it repeats. Then for each that it bars: nothing, or the call if it had arrived.
pub type Added = Vec<Result<(), Uuid>>;

type Done = oneshot::Sender<Result<Added, StoreError>>;

/// The queue's file.
pub struct Ledger {
    file: Arc<File>,
    steps: mpsc::Sender<(Step, Done)>,
}

impl Ledger {
    /// Opens the file in a data folder, or makes it, and the thread that writes it. The
    /// thread ends with the ledger.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let file = Arc::new(File::open(folder, KIND)?);
        // Files of earlier releases do not have these.
        file.change(|transaction| {
            transaction.open_table(HANDED)?;
            transaction.open_table(MOVED)?;
            Ok(())
        })?;
        let (steps, coming) = mpsc::channel(STEPS_MAX);
        let written = file.clone();
        let named = thread::Builder::new().name("queue-writer".to_string());
        let spawned = named.spawn(move || write_all(&written, coming));
        spawned.map_err(|error| StoreError::io(file.path(), &error))?;
        Ok(Self { file, steps })
    }

    /// Writes a step; what came of its new calls, once it is on disk.
    pub async fn write(&self, step: Step) -> Result<Added, StoreError> {
        let (done, heard) = oneshot::channel();
        let ended = || StoreError::Disk {
            path: self.file.path().to_path_buf(),
            why: "the thread that writes it has ended".to_string(),
        };
        self.steps.send((step, done)).await.map_err(|_| ended())?;
        heard.await.map_err(|_| ended())?
    }

    /// The same, for threads that may wait.
    pub fn write_blocking(&self, step: &Step) -> Result<Added, StoreError> {
        self.file.change(|transaction| apply(transaction, step))
    }

    /// All calls, oldest first.
    pub fn load(&self, mut see: impl FnMut(Entry)) -> Result<(), StoreError> {
        self.file.read(|transaction| {
            for row in transaction.open_table(CALLS)?.iter()? {
                let (id, value) = row?;
                see(parse(id.value(), value.value())?);
            }
            Ok(())
        })
    }

    /// Up to `limit` calls that are wanted, newest first.
    pub fn newest(
        &self,
        limit: usize,
        wanted: impl Fn(&Entry) -> bool,
    ) -> Result<Vec<Entry>, StoreError> {
        self.file.read(|transaction| {
            let mut found = Vec::new();
            for row in transaction.open_table(CALLS)?.iter()?.rev() {
                if found.len() >= limit {
                    break;
                }
                let (id, value) = row?;
                let entry = parse(id.value(), value.value())?;
                if wanted(&entry) {
                    found.push(entry);
                }
            }
            Ok(found)
        })
    }

    /// A call.
    pub fn get(&self, id: Uuid) -> Result<Option<Entry>, StoreError> {
        self.file.read(|transaction| {
            let calls = transaction.open_table(CALLS)?;
            let found = calls.get(id.as_u128())?;
            found.map(|value| parse(id.as_u128(), value.value())).transpose()
        })
    }

    /// A call and the body of its request.
    pub fn request(&self, id: Uuid) -> Result<Option<(Entry, bytes::Bytes)>, StoreError> {
        self.with_body(id, REQUESTS)
    }

    /// A call and the body of its answer, which is empty if it has none.
    pub fn answer(&self, id: Uuid) -> Result<Option<(Entry, bytes::Bytes)>, StoreError> {
        self.with_body(id, ANSWERS)
    }

    /// The time that is remembered under a name.
    pub fn mark(&self, name: &str) -> Result<Option<u64>, StoreError> {
        self.file.read(|transaction| {
            let mark = transaction.open_table(MARKS)?.get(name)?;
            Ok(mark.map(|mark| mark.value()))
        })
    }

    /// The site that a call went to, if it went.
    pub fn moved(&self, id: Uuid) -> Result<Option<String>, StoreError> {
        self.file.read(|transaction| {
            let moved = transaction.open_table(MOVED)?.get(id.as_u128())?;
            Ok(moved.map(|site| site.value().to_string()))
        })
    }

    fn with_body(
        &self,
        id: Uuid,
        table: TableDefinition<'static, u128, &'static [u8]>,
    ) -> Result<Option<(Entry, bytes::Bytes)>, StoreError> {
        self.file.read(|transaction| {
            let calls = transaction.open_table(CALLS)?;
            let Some(found) = calls.get(id.as_u128())? else { return Ok(None) };
            let entry = parse(id.as_u128(), found.value())?;
            let body = transaction.open_table(table)?.get(id.as_u128())?;
            let body = body.map(|body| bytes::Bytes::copy_from_slice(body.value()));
            Ok(Some((entry, body.unwrap_or_default())))
        })
    }
}

/// Writes steps until nobody is left to ask for any.
fn write_all(file: &File, mut coming: mpsc::Receiver<(Step, Done)>) {
    while let Some(first) = coming.blocking_recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH_MAX {
            match coming.try_recv() {
                Ok(next) => batch.push(next),
                Err(_) => break,
            }
        }
        let written = file.change(|transaction| {
            batch.iter().map(|(step, _)| apply(transaction, step)).collect::<Result<Vec<_>, _>>()
        });
        match written {
            Ok(added) => {
                for ((_, done), added) in batch.into_iter().zip(added) {
                    // Whoever asked may have gone; the step is written all the same.
                    let _ = done.send(Ok(added));
                }
            }
            Err(error) => {
                for (_, done) in batch {
                    let _ = done.send(Err(error.clone()));
                }
            }
        }
    }
}

fn apply(transaction: &WriteTransaction, step: &Step) -> Result<Added, Trouble> {
    let mut calls = transaction.open_table(CALLS)?;
    let mut requests = transaction.open_table(REQUESTS)?;
    let mut answers = transaction.open_table(ANSWERS)?;
    let mut keys = transaction.open_table(KEYS)?;
    let mut added = Vec::with_capacity(step.add.len());
    for (entry, body) in &step.add {
        let id = entry.id.as_u128();
        if let Some(key) = &entry.key {
            let key = (entry.function.as_str(), key.as_str());
            let known = keys.get(key)?.map(|known| known.value());
            if let Some(known) = known {
                added.push(Err(Uuid::from_u128(known)));
                continue;
            }
            keys.insert(key, id)?;
        }
        calls.insert(id, &written(entry)[..])?;
        requests.insert(id, &body[..])?;
        added.push(Ok(()));
    }
    drop((calls, requests, keys));
    for (entry, body) in &step.take {
        added.push(take(transaction, entry, body)?);
    }
    for (id, passage) in &step.bar {
        let mut handed = transaction.open_table(HANDED)?;
        let known = handed.get(id.as_u128())?.map_or(0, |known| known.value());
        if known >= *passage {
            added.push(Err(*id));
            continue;
        }
        handed.insert(id.as_u128(), passage)?;
        added.push(Ok(()));
    }
    let mut calls = transaction.open_table(CALLS)?;
    let mut requests = transaction.open_table(REQUESTS)?;
    let mut keys = transaction.open_table(KEYS)?;
    for Change { entry, answer, drop_request } in &step.change {
        let id = entry.id.as_u128();
        calls.insert(id, &written(entry)[..])?;
        if let Some(answer) = answer {
            answers.insert(id, &answer[..])?;
        }
        if *drop_request {
            requests.remove(id)?;
        }
    }
    for id in &step.remove {
        let id = id.as_u128();
        requests.remove(id)?;
        answers.remove(id)?;
        let removed = calls.remove(id)?.map(|value| parse(id, value.value())).transpose()?;
        if let Some(Entry { function, key: Some(key), .. }) = removed {
            keys.remove((function.as_str(), key.as_str()))?;
        }
    }
    if let Some(site) = &step.moved {
        let mut moved = transaction.open_table(MOVED)?;
        for id in &step.remove {
            moved.insert(id.as_u128(), site.as_str())?;
        }
    }
    if let Some((name, time)) = &step.mark {
        transaction.open_table(MARKS)?.insert(name.as_str(), time)?;
    }
    Ok(added)
}

/// Takes a call that comes from another node, unless this passage of it came before.
fn take(
    transaction: &WriteTransaction,
    entry: &Entry,
    body: &[u8],
) -> Result<Result<(), Uuid>, Trouble> {
    let id = entry.id.as_u128();
    let (mut handed, mut moved) = (transaction.open_table(HANDED)?, transaction.open_table(MOVED)?);
    let known = handed.get(id)?.map_or(0, |known| known.value());
    if known >= entry.handed {
        return Ok(Err(entry.id));
    }
    handed.insert(id, entry.handed)?;
    moved.remove(id)?;
    let old = u128::from(entry.accepted_at_ms.saturating_sub(PASSAGES_KEPT_MS)) << 80;
    handed.retain_in(..old, |_, _| false)?;
    moved.retain_in(..old, |_, _| false)?;
    if let Some(key) = &entry.key {
        let mut keys = transaction.open_table(KEYS)?;
        let key = (entry.function.as_str(), key.as_str());
        let known = keys.get(key)?.map(|known| known.value());
        if let Some(other) = known.filter(|known| *known != id) {
            return Ok(Err(Uuid::from_u128(other)));
        }
        keys.insert(key, id)?;
    }
    transaction.open_table(CALLS)?.insert(id, &written(entry)[..])?;
    transaction.open_table(REQUESTS)?.insert(id, body)?;
    Ok(Ok(()))
}

fn written(entry: &Entry) -> Vec<u8> {
    serde_json::to_vec(entry).expect("an entry is plain data")
}

fn parse(id: u128, bytes: &[u8]) -> Result<Entry, Trouble> {
    serde_json::from_slice(bytes).map_err(|error| {
        let id = Uuid::from_u128(id);
        Trouble::Nonsense(format!("what it holds of the call {id} makes no sense ({error})"))
    })
}
