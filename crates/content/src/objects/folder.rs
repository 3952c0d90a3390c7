//! Objects as files of a folder, with conditional puts of our own.
//!
//! A put writes aside, syncs, takes the lock of its key, looks whether the condition holds, and
//! renames; then the folder is synced. So a power cut leaves the object as it was or as it was
//! to be, and processes that share the folder exclude each other by locks of the file system.
//! A mark is the digest of the bytes: what is the same again is the same.
//!
//! Invariant: a folder that is not there (a disk that was not mounted) is never taken for an
//! empty one. A file in it says that it is a data store, and every access looks for it.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use crate::objects::seam::{Condition, Doing, Found, Mark, ObjectError, Objects, Put};

/// What says that a folder is a data store.
const SIGN: &str = "swell-data-store";
const SIGN_TEXT: &[u8] = b"Contents of cache groups. One folder may serve several nodes.\n";
/// Where files are written before they are renamed.
const ASIDE: &str = "aside";
/// Files whose locks keys are dealt to.
const LOCKS: &str = "locks";
const LOCKS_MAX: u8 = 64;

/// Objects as files of a folder.
pub struct Folder {
    inner: Arc<Inner>,
}

struct Inner {
    root: PathBuf,
}

/// Tells the files apart that this process writes aside: one count for all handles, as two of
/// them may be of one folder.
static COUNT: AtomicU64 = AtomicU64::new(0);

impl Folder {
    /// Opens the data store in a folder; makes one if the folder is empty or not there.
    pub fn open(root: &Path) -> io::Result<Self> {
        fs::create_dir_all(root)?;
        let is_empty = fs::read_dir(root)?.next().is_none();
        let sign = root.join(SIGN);
        if !sign.exists() {
            if !is_empty {
                let why = format!(
                    "`{}` holds something else; name an empty folder for the data store",
                    root.display()
                );
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, why));
            }
            for folder in [ASIDE, LOCKS] {
                fs::create_dir_all(root.join(folder))?;
            }
            let mut file = File::create(&sign)?;
            file.write_all(SIGN_TEXT)?;
            file.sync_all()?;
            sync_folder(root)?;
        }
        // What a process that died was writing is of no use to anybody, once it is old.
        for entry in fs::read_dir(root.join(ASIDE))?.flatten() {
            let age = entry.metadata().and_then(|about| about.modified());
            let age = age.ok().and_then(|modified| modified.elapsed().ok());
            if age.is_some_and(|age| age.as_secs() > 3600) {
                let _ = fs::remove_file(entry.path());
            }
        }
        Ok(Self { inner: Arc::new(Inner { root: root.to_path_buf() }) })
    }

    async fn work<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Inner) -> io::Result<T> + Send + 'static,
    ) -> Result<T, ObjectError> {
        let inner = self.inner.clone();
        let done = tokio::task::spawn_blocking(move || {
            inner.check()?;
            job(&inner)
        });
        let done = done.await.map_err(|error| ObjectError::Unavailable(error.to_string()))?;
        done.map_err(|error| {
            let text = format!("{}: {error}", self.describe());
            match error.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    ObjectError::Full(text)
                }
                _ => ObjectError::Unavailable(text),
            }
        })
    }
}

impl Inner {
    fn check(&self) -> io::Result<()> {
        if self.root.join(SIGN).exists() {
            return Ok(());
        }
        Err(io::Error::new(io::ErrorKind::NotFound, "the folder is not there (is it mounted?)"))
    }

    fn read(&self, key: &str) -> io::Result<Option<Found>> {
        let mut bytes = Vec::new();
        match File::open(self.root.join(key)) {
            Ok(mut file) => file.read_to_end(&mut bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mark = Mark { e_tag: Some(mark(&bytes)), version: None };
        Ok(Some(Found { bytes: bytes.into(), mark }))
    }

    fn lock(&self, key: &str) -> io::Result<File> {
        let place = Sha256::digest(key)[0] % LOCKS_MAX;
        let path = self.root.join(LOCKS).join(place.to_string());
        let file = File::options().create(true).truncate(false).write(true).open(path)?;
        file.lock()?;
        Ok(file)
    }

    fn put(&self, key: &str, bytes: &[u8], condition: &Condition) -> io::Result<Put> {
        let path = self.root.join(key);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let aside = self.root.join(ASIDE).join(format!("{}-{count}", std::process::id()));
        let written = File::create(&aside).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        let put = written.and_then(|()| {
            let _lock = self.lock(key)?;
            let holds = match (condition, self.read(key)?) {
                (Condition::Absent, found) => found.is_none(),
                (Condition::Is(mark), found) => found.is_some_and(|found| found.mark == *mark),
            };
            if !holds {
                return Ok(Put::Differs);
            }
            let folder = path.parent().expect("a key has a folder in the root");
            make_folder(folder)?;
            fs::rename(&aside, &path)?;
            sync_folder(folder)?;
            Ok(Put::Done)
        });
        if !matches!(put, Ok(Put::Done)) {
            let _ = fs::remove_file(&aside);
        }
        put
    }

    fn delete(&self, key: &str) -> io::Result<()> {
        let _lock = self.lock(key)?;
        match fs::remove_file(self.root.join(key)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn list(&self, prefix: &str) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(self.root.join(prefix)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                names.extend(entry.file_name().into_string());
            }
        }
        names.sort_unstable();
        Ok(names)
    }
}

fn mark(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Makes a folder and those above it, each as after a power cut.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = folder.parent().expect("it is below the root");
    make_folder(above)?;
    match fs::create_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    sync_folder(above)
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

impl Objects for Folder {
    fn get<'a>(&'a self, key: &'a str) -> Doing<'a, Option<Found>> {
        let key = key.to_string();
        Box::pin(self.work(move |inner| inner.read(&key)))
    }

    fn put<'a>(&'a self, key: &'a str, bytes: Bytes, condition: Condition) -> Doing<'a, Put> {
        let key = key.to_string();
        Box::pin(self.work(move |inner| inner.put(&key, &bytes, &condition)))
    }

    fn delete<'a>(&'a self, key: &'a str) -> Doing<'a, ()> {
        let key = key.to_string();
        Box::pin(self.work(move |inner| inner.delete(&key)))
    }

    fn list<'a>(&'a self, prefix: &'a str) -> Doing<'a, Vec<String>> {
        let prefix = prefix.to_string();
        Box::pin(self.work(move |inner| inner.list(&prefix)))
    }

    fn describe(&self) -> String {
        format!("the folder `{}`", self.inner.root.display())
    }
}
