//! What a node of cache groups must not forget: the file `contents.redb` in its data folder.
//!
//! It counts the starts of the node, knows the newest reign it supported in each group, and
//! holds pending versions with their bytes; all of that is on disk before anybody is told. It
//! also holds what the member table said of copies that outlive a restart, as of the last time
//! that was written down: an older one only costs questions.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bytes::Bytes;
use parking_lot::Mutex;
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction};
use serde::{Deserialize, Serialize};

use swell_core::cachegroup::action::{Memory, Support};
use swell_core::cachegroup::member_table::LocalCopy;
use swell_core::cachegroup::message::PendingCopy;
use swell_core::cachegroup::names::{ContentId, Epoch, GroupId, NodeId, Sequence, Version};
use swell_core::cachegroup::session::Revision;
use swell_core::time::Instant;

use crate::naming::ContentName;

/// Name of the file in the data folder.
pub const FILE: &str = "contents.redb";
/// The schema that this program writes, and the only one it reads.
const SCHEMA: u64 = 1;
const CACHE_BYTES: usize = 4 << 20;

const META: TableDefinition<&str, u64> = TableDefinition::new("meta");
const EPOCHS: TableDefinition<u32, u64> = TableDefinition::new("epochs");
/// Whose reigns these are; not there in a file of an earlier program.
const SUPPORTED: TableDefinition<u32, u32> = TableDefinition::new("supported");
/// By content and token: what the copy is, and its bytes.
const PENDING: TableDefinition<&[u8], (&[u8], &[u8])> = TableDefinition::new("pending");
const COPIES: TableDefinition<u128, &[u8]> = TableDefinition::new("copies");

/// Why what must be kept is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeeperError(pub String);

/// A copy as the member table had it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptCopy {
    /// Of which content.
    pub content: ContentId,
    /// The group that had it.
    pub group: GroupId,
    revision: Revision,
    committed: Option<Sequence>,
    validated: Sequence,
}

impl KeptCopy {
    /// What is to be kept of a copy.
    pub fn new(content: ContentId, group: GroupId, copy: &LocalCopy) -> Self {
        let LocalCopy { revision, committed, validated, .. } = copy.clone();
        Self { content, group, revision, committed, validated }
    }

    /// The copy, of a former life.
    pub fn copy(&self) -> LocalCopy {
        LocalCopy {
            revision: self.revision.clone(),
            committed: self.committed,
            validated: self.validated,
            asked: Instant::ZERO,
        }
    }
}

/// What a node of cache groups must not forget.
pub struct Keeper {
    path: PathBuf,
    database: Mutex<File>,
}

enum File {
    Open(Database),
    /// It failed, or was not used yet: it is opened with the next use.
    Shut,
    /// It is not used any more.
    Closed,
}

#[derive(Serialize, Deserialize)]
struct About {
    copy: PendingCopy,
    name: Option<ContentName>,
}

impl Keeper {
    /// Opens the file in a data folder, and counts this start.
    pub fn open(folder: &Path) -> Result<(Self, Memory, Vec<ContentName>), KeeperError> {
        let keeper = Self { path: folder.join(FILE), database: Mutex::new(File::Shut) };
        let incarnation = keeper.write(|transaction| {
            transaction.open_table(EPOCHS)?;
            transaction.open_table(SUPPORTED)?;
            transaction.open_table(PENDING)?;
            transaction.open_table(COPIES)?;
            let mut meta = transaction.open_table(META)?;
            let schema = meta.get("schema")?.map_or(SCHEMA, |schema| schema.value());
            if schema != SCHEMA {
                return Ok(None);
            }
            let starts = meta.get("starts")?.map_or(0, |starts| starts.value()) + 1;
            meta.insert("schema", SCHEMA)?;
            meta.insert("starts", starts)?;
            Ok(Some(starts))
        });
        // A disk that is full is no reason to serve nothing. Starts are told apart by the time
        // then; and what must be kept is not, so that nothing is promised by it.
        let incarnation = incarnation.or_else(|error| {
            tracing::warn!(%error, "what cache groups must not forget cannot be written down");
            let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            since.map(|since| Some(since.as_millis() as u64)).map_err(|_| error)
        })?;
        let incarnation = incarnation.ok_or_else(|| {
            KeeperError(format!("`{}` was written by a later program", keeper.path.display()))
        })?;
        let (memory, names) = keeper.read(|database| {
            let transaction = database.begin_read()?;
            let mut memory = Memory { incarnation, ..Memory::default() };
            let mut names = Vec::new();
            let supported = transaction.open_table(SUPPORTED)?;
            for row in transaction.open_table(EPOCHS)?.iter()? {
                let (group, epoch) = row?;
                let whom = supported.get(group.value())?.map(|whom| NodeId(whom.value()));
                let support = Support { epoch: Epoch(epoch.value()), whom };
                memory.supports.push((GroupId(group.value()), support));
            }
            for row in transaction.open_table(PENDING)?.iter()? {
                let (_, value) = row?;
                if let Ok(About { copy, name }) = postcard::from_bytes(value.value().0) {
                    memory.pending.push(copy);
                    names.extend(name);
                }
            }
            Ok((memory, names))
        })?;
        Ok((keeper, memory, names))
    }

    /// No reign of the group older than this is supported any more.
    pub fn keep_support(&self, group: GroupId, support: Support) -> Result<(), KeeperError> {
        self.write(|transaction| {
            transaction.open_table(EPOCHS)?.insert(group.0, support.epoch.0)?;
            let mut supported = transaction.open_table(SUPPORTED)?;
            match support.whom {
                Some(whom) => supported.insert(group.0, whom.0)?,
                None => supported.remove(group.0)?,
            };
            Ok(())
        })
    }

    /// Keeps a pending version.
    pub fn keep_pending(
        &self,
        copy: &PendingCopy,
        name: Option<&ContentName>,
        bytes: &[u8],
    ) -> Result<(), KeeperError> {
        let key = key(copy.content, copy.revision.version);
        let about = About { copy: copy.clone(), name: name.cloned() };
        let about = postcard::to_allocvec(&about).expect("plain data always becomes bytes");
        self.write(|transaction| {
            transaction.open_table(PENDING)?.insert(&key[..], (&about[..], bytes))?;
            Ok(())
        })
    }

    /// Forgets a pending version.
    pub fn forget_pending(&self, content: ContentId, token: Version) -> Result<(), KeeperError> {
        self.write(|transaction| {
            transaction.open_table(PENDING)?.remove(&key(content, token)[..])?;
            Ok(())
        })
    }

    /// The bytes of a pending version, if it is kept.
    pub fn pending(
        &self,
        content: ContentId,
        token: Version,
    ) -> Result<Option<Bytes>, KeeperError> {
        self.read(|database| {
            let found = database.begin_read()?.open_table(PENDING)?;
            let found = found.get(&key(content, token)[..])?;
            Ok(found.map(|value| Bytes::copy_from_slice(value.value().1)))
        })
    }

    /// Writes down which copies are here, in place of what was written before.
    pub fn keep_copies(&self, copies: &[KeptCopy]) -> Result<(), KeeperError> {
        self.write(|transaction| {
            transaction.delete_table(COPIES)?;
            let mut table = transaction.open_table(COPIES)?;
            for copy in copies {
                let bytes = postcard::to_allocvec(copy).expect("plain data always becomes bytes");
                table.insert(copy.content.0, &bytes[..])?;
            }
            Ok(())
        })
    }

    /// The copies that were here when that was last written down.
    pub fn copies(&self) -> Result<Vec<KeptCopy>, KeeperError> {
        self.read(|database| {
            let mut copies = Vec::new();
            for row in database.begin_read()?.open_table(COPIES)?.iter()? {
                copies.extend(postcard::from_bytes::<KeptCopy>(row?.1.value()));
            }
            Ok(copies)
        })
    }

    /// Ends the use of the file, so that another may open it.
    pub fn close(&self) {
        *self.database.lock() = File::Closed;
    }

    fn read<T>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, redb::Error>,
    ) -> Result<T, KeeperError> {
        let failed = |error| KeeperError(format!("`{}`: {error}", self.path.display()));
        let mut file = self.database.lock();
        if matches!(*file, File::Shut) {
            let opened = Database::builder().set_cache_size(CACHE_BYTES).create(&self.path);
            *file = File::Open(opened.map_err(|error| failed(error.into()))?);
        }
        let File::Open(database) = &*file else {
            return Err(KeeperError("the node is going down".to_string()));
        };
        work(database).map_err(|error| {
            *file = File::Shut;
            failed(error)
        })
    }

    fn write<T>(
        &self,
        work: impl FnOnce(&WriteTransaction) -> Result<T, redb::Error>,
    ) -> Result<T, KeeperError> {
        self.read(|database| {
            let transaction = database.begin_write()?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        })
    }
}

fn key(content: ContentId, token: Version) -> [u8; 36] {
    let mut key = [0; 36];
    key[..16].copy_from_slice(&content.0.to_be_bytes());
    key[16..20].copy_from_slice(&token.tenure.to_be_bytes());
    key[20..28].copy_from_slice(&token.epoch.0.to_be_bytes());
    key[28..].copy_from_slice(&token.counter.to_be_bytes());
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_there_after_a_restart() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let name = ContentName::new("shop", "a").expect("a name");
        let token = Version { tenure: 0, epoch: Epoch(3), counter: 9 };
        let revision = Revision { version: token, ..Revision::default() };
        let base = Version::NEVER;
        let pending = PendingCopy { group: name.group(), content: name.id(), base, revision };
        let (keeper, memory, _) = Keeper::open(folder.path()).expect("it opens");
        assert_eq!(memory, Memory { incarnation: 1, ..Memory::default() });
        let support = Support { epoch: Epoch(3), whom: Some(NodeId(7)) };
        keeper.keep_support(name.group(), support).expect("it is kept");
        keeper.keep_pending(&pending, Some(&name), b"bytes").expect("it is kept");
        drop(keeper);
        let (keeper, memory, names) = Keeper::open(folder.path()).expect("it opens again");
        assert_eq!(memory.incarnation, 2);
        assert_eq!(memory.supports, [(name.group(), support)]);
        assert_eq!((memory.pending, names), (vec![pending], vec![name.clone()]));
        let bytes = keeper.pending(name.id(), token).expect("it is read");
        assert_eq!(bytes.as_deref(), Some(&b"bytes"[..]));
        keeper.forget_pending(name.id(), token).expect("it goes");
        assert_eq!(keeper.pending(name.id(), token), Ok(None));
    }
}
