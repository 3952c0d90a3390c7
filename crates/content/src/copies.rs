//! The copies of a member: bytes in memory and on disk, by content and version.
//!
//! The version is part of the key, so whatever a cache does late (an old load that ends after a
//! newer insert, an update that was not taken to disk) it never gives other bytes than those of
//! the version that was asked for. What is not here any more is found out when it is asked for.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use foyer::{
    BlockEngineConfig, Code, DeviceBuilder, Error, FsDeviceBuilder, HybridCache,
    HybridCacheBuilder, RecoverMode, S3FifoConfig,
};

use swell_core::cachegroup::names::{ContentId, Epoch, Version};

/// What is read and written on disk at a time, and the longest copy that goes to disk.
const BLOCK_BYTES: usize = 16 << 20;
/// The least disk that is of use: some blocks to write while others are read.
const DISK_BYTES_MIN: u64 = 8 * BLOCK_BYTES as u64;
/// What the books of a copy take in memory, about.
const ENTRY_BYTES: usize = 160;

/// How much copies may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopiesSettings {
    /// Bytes in memory.
    pub memory: u64,
    /// A folder and the bytes that may lie there; less than 128 MiB is none.
    pub disk: Option<(PathBuf, u64)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    content: ContentId,
    version: Version,
}

impl Code for Key {
    fn encode(&self, writer: &mut impl Write) -> Result<(), Error> {
        self.content.0.encode(writer)?;
        self.version.tenure.encode(writer)?;
        self.version.epoch.0.encode(writer)?;
        self.version.counter.encode(writer)
    }

    fn decode(reader: &mut impl Read) -> Result<Self, Error> {
        let content = ContentId(u128::decode(reader)?);
        let tenure = u32::decode(reader)?;
        let epoch = Epoch(u64::decode(reader)?);
        let version = Version { tenure, epoch, counter: u64::decode(reader)? };
        Ok(Self { content, version })
    }

    fn estimated_size(&self) -> usize {
        16 + 4 + 8 + 8
    }
}

/// The copies of a member.
#[derive(Clone)]
pub struct Copies {
    cache: HybridCache<Key, Bytes>,
    has_disk: bool,
}

impl Copies {
    /// Opens the copies. A disk that cannot be used costs its copies and nothing else: they are
    /// found in the group or in the data store again.
    pub async fn open(settings: &CopiesSettings) -> Self {
        let memory = usize::try_from(settings.memory).unwrap_or(usize::MAX);
        let disk = settings.disk.as_ref().filter(|(_, bytes)| *bytes >= DISK_BYTES_MIN);
        if let Some((folder, bytes)) = disk {
            match on_disk(memory, folder, *bytes).await {
                Ok(cache) => return Self { cache, has_disk: true },
                Err(error) => tracing::warn!(
                    folder = %folder.display(), %error,
                    "copies of contents begin anew: those on disk cannot be read"
                ),
            }
            // What is damaged as a whole is of no use; a second try begins with nothing.
            let _ = std::fs::remove_dir_all(folder);
            match on_disk(memory, folder, *bytes).await {
                Ok(cache) => return Self { cache, has_disk: true },
                Err(error) => tracing::warn!(
                    folder = %folder.display(), %error,
                    "copies of contents are kept in memory only: the disk cannot be used"
                ),
            }
        }
        let cache = builder(memory).storage().build().await;
        Self { cache: cache.expect("memory needs nothing that could fail"), has_disk: false }
    }

    /// Whether copies outlive a restart.
    pub fn has_disk(&self) -> bool {
        self.has_disk
    }

    /// The bytes of a version, if they are here.
    pub async fn get(&self, content: ContentId, version: Version) -> Option<Bytes> {
        match self.cache.get(&Key { content, version }).await {
            Ok(entry) => entry.map(|entry| entry.value().clone()),
            Err(error) => {
                tracing::warn!(%error, "a copy on disk cannot be read and is fetched anew");
                None
            }
        }
    }

    /// The bytes of a version, if they are in memory.
    pub fn at_hand(&self, content: ContentId, version: Version) -> Option<Bytes> {
        self.cache.memory().get(&Key { content, version }).map(|entry| entry.value().clone())
    }

    /// Keeps the bytes of a version, as long as there is room.
    pub fn keep(&self, content: ContentId, version: Version, bytes: Bytes) {
        self.cache.insert(Key { content, version }, bytes);
    }

    /// Drops the bytes of a version.
    pub fn drop(&self, content: ContentId, version: Version) {
        self.cache.remove(&Key { content, version });
    }

    /// Bytes in memory.
    pub fn memory_used(&self) -> u64 {
        self.cache.memory().usage() as u64
    }

    /// Takes what is in memory to disk, and ends.
    pub async fn close(&self) {
        if let Err(error) = self.cache.close().await {
            tracing::warn!(%error, "not all copies of contents could be taken to disk");
        }
    }
}

fn builder(
    memory: usize,
) -> foyer::HybridCacheBuilderPhaseMemory<Key, Bytes, foyer::DefaultHasher> {
    HybridCacheBuilder::new()
        .with_name("contents")
        .memory(memory)
        .with_shards(8)
        .with_eviction_config(S3FifoConfig::default())
        .with_weighter(|_, bytes: &Bytes| bytes.len() + ENTRY_BYTES)
}

async fn on_disk(
    memory: usize,
    folder: &Path,
    bytes: u64,
) -> Result<HybridCache<Key, Bytes>, Error> {
    // The library takes a folder that can be made for granted.
    std::fs::create_dir_all(folder).map_err(Error::io_error)?;
    let capacity = usize::try_from(bytes).unwrap_or(usize::MAX);
    let device = FsDeviceBuilder::new(folder).with_capacity(capacity).build()?;
    let engine = BlockEngineConfig::new(device).with_block_size(BLOCK_BYTES);
    builder(memory)
        .storage()
        .with_engine_config(engine)
        .with_recover_mode(RecoverMode::Quiet)
        .build()
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTENT: ContentId = ContentId(7);

    fn version(counter: u64) -> Version {
        Version { tenure: 0, epoch: Epoch(1), counter }
    }

    fn settings(folder: &Path) -> CopiesSettings {
        CopiesSettings { memory: 1 << 20, disk: Some((folder.join("copies"), DISK_BYTES_MIN)) }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn copies_are_of_their_version_and_outlive_a_restart() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let copies = Copies::open(&settings(folder.path())).await;
        copies.keep(CONTENT, version(1), Bytes::from_static(b"one"));
        copies.keep(CONTENT, version(2), Bytes::from_static(b"two"));
        assert_eq!(copies.get(CONTENT, version(1)).await.as_deref(), Some(&b"one"[..]));
        assert_eq!(copies.get(CONTENT, version(3)).await, None);
        copies.close().await;
        drop(copies);
        let copies = Copies::open(&settings(folder.path())).await;
        assert!(copies.has_disk());
        assert_eq!(copies.get(CONTENT, version(2)).await.as_deref(), Some(&b"two"[..]));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_damaged_disk_is_begun_anew() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let copies = Copies::open(&settings(folder.path())).await;
        copies.keep(CONTENT, version(1), Bytes::from_static(b"one"));
        copies.close().await;
        drop(copies);
        for entry in std::fs::read_dir(folder.path().join("copies")).expect("it is there") {
            let path = entry.expect("an entry").path();
            let length = path.metadata().expect("a file").len() as usize;
            std::fs::write(&path, vec![0x5a; length.min(1 << 20)]).expect("it is damaged");
        }
        let copies = Copies::open(&settings(folder.path())).await;
        assert_eq!(copies.get(CONTENT, version(1)).await, None);
        copies.keep(CONTENT, version(2), Bytes::from_static(b"two"));
        assert_eq!(copies.get(CONTENT, version(2)).await.as_deref(), Some(&b"two"[..]));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_disk_that_cannot_be_used_costs_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let blocked = folder.path().join("file");
        std::fs::write(&blocked, b"no folder").expect("it is written");
        let disk = Some((blocked.join("copies"), DISK_BYTES_MIN));
        let copies = Copies::open(&CopiesSettings { memory: 1 << 20, disk }).await;
        assert!(!copies.has_disk());
        copies.keep(CONTENT, version(1), Bytes::from_static(b"one"));
        assert_eq!(copies.get(CONTENT, version(1)).await.as_deref(), Some(&b"one"[..]));
    }
}
