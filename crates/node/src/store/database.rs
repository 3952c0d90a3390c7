//! One database file of a node: opened and checked, written in whole steps, opened again
//! after the disk failed.
//!
//! Each change is one transaction that is on disk before it is believed, so a power cut
//! leaves the state before the step or after it. The database refuses all work after a
//! failed write; it is then opened afresh with the next use, so a disk that was full for a
//! while costs the steps tried meanwhile and no restart.
//!
//! Invariant: opening changes nothing of what a file holds, if it cannot be understood.

use std::fs;
use std::path::{Path, PathBuf};

use parking_lot::{RwLock, RwLockWriteGuard};
use redb::{Database, DatabaseError, ReadTransaction, ReadableTable, TableDefinition};
use redb::{ReadableDatabase, WriteTransaction};

use crate::store::error::StoreError;

const META: TableDefinition<&str, u64> = TableDefinition::new("meta");

/// What a file holds.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Its name in the data folder.
    pub file: &'static str,
    /// What it keeps, for people, such as `functions`.
    pub keeps: &'static str,
    /// The schema that this program writes, and the newest it reads.
    pub schema: u64,
    /// Memory for pages of the file, in bytes.
    pub cache_bytes: usize,
    /// Whether all of it is checked for damage when it is opened; costs a pass over it.
    pub checked: bool,
    /// Makes the tables of a new file.
    pub tables: fn(&WriteTransaction) -> Result<(), redb::Error>,
}

/// Opens the database behind a file, again after it failed.
type Open = Box<dyn Fn() -> Result<Database, DatabaseError> + Send + Sync>;

/// A database file.
pub struct File {
    kind: Kind,
    path: PathBuf,
    open: Open,
    database: RwLock<Option<Database>>,
}

impl File {
    /// Opens the file in a data folder, and makes both if there is none.
    pub fn open(folder: &Path, kind: Kind) -> Result<Self, StoreError> {
        fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
        let path = folder.join(kind.file);
        let file = path.clone();
        let open = move || {
            let mut builder = Database::builder();
            builder.set_cache_size(kind.cache_bytes).set_check_integrity_on_open(kind.checked);
            builder.create(&file)
        };
        Self::with(path, kind, Box::new(open))
    }

    /// A file that is whatever `open` opens; `path` is its name in messages.
    pub(crate) fn with(path: PathBuf, kind: Kind, open: Open) -> Result<Self, StoreError> {
        let file = Self { kind, path, open, database: RwLock::new(None) };
        file.work(|database| file.check_schema(database))?;
        Ok(file)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads one state of the file, whatever is written meanwhile.
    pub fn read<T>(
        &self,
        work: impl FnOnce(&ReadTransaction) -> Result<T, Trouble>,
    ) -> Result<T, StoreError> {
        self.work(|database| {
            let transaction = database.begin_read().map_err(|error| self.failed(error))?;
            work(&transaction).map_err(|trouble| self.told(trouble))
        })
    }

    /// Changes the file in one step: on disk when this returns, or not done.
    pub fn change<T>(
        &self,
        work: impl FnOnce(&WriteTransaction) -> Result<T, Trouble>,
    ) -> Result<T, StoreError> {
        self.work(|database| {
            let transaction = database.begin_write().map_err(|error| self.failed(error))?;
            let done = work(&transaction).map_err(|trouble| self.told(trouble))?;
            transaction.commit().map_err(|error| self.failed(error))?;
            Ok(done)
        })
    }

    fn work<T>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut open = self.database.read();
        while open.is_none() {
            drop(open);
            let mut shut = self.database.write();
            if shut.is_none() {
                *shut = Some((self.open)().map_err(|error| self.failed(error))?);
            }
            open = RwLockWriteGuard::downgrade(shut);
        }
        let done = work(open.as_ref().expect("it was opened above"));
        drop(open);
        // After a failed write the database does nothing more; the next use opens it again.
        if matches!(done, Err(StoreError::Full { .. } | StoreError::Disk { .. })) {
            *self.database.write() = None;
        }
        done
    }

    /// Marks a new file with the schema, and refuses one of another schema. Only a new file
    /// is written to.
    fn check_schema(&self, database: &Database) -> Result<(), StoreError> {
        let Kind { keeps, schema, tables, .. } = self.kind;
        let failed = |error: redb::Error| self.failed(error);
        let transaction = database.begin_write().map_err(|error| self.failed(error))?;
        let fresh = transaction.list_tables().map_err(|error| self.failed(error))?.count() == 0;
        let mut meta = transaction.open_table(META).map_err(|error| self.failed(error))?;
        let found = meta.get("schema").map_err(|error| self.failed(error))?;
        match found.map(|found| found.value()) {
            Some(found) if found == schema => Ok(()),
            Some(found) if found > schema => {
                Err(StoreError::Newer { path: self.path.clone(), found, known: schema })
            }
            None if fresh => {
                meta.insert("schema", schema).map_err(|error| self.failed(error))?;
                drop(meta);
                tables(&transaction).map_err(failed)?;
                transaction.commit().map_err(|error| self.failed(error))
            }
            _ => Err(self.corrupt(format!("it is a database, but not one of swell's {keeps}"))),
        }
    }

    fn told(&self, trouble: Trouble) -> StoreError {
        match trouble {
            Trouble::Database(error) => self.failed(error),
            Trouble::Nonsense(why) => self.corrupt(why),
        }
    }

    fn failed(&self, error: impl Into<redb::Error>) -> StoreError {
        StoreError::database(&self.path, error)
    }

    fn corrupt(&self, why: String) -> StoreError {
        StoreError::Corrupt { path: self.path.clone(), why }
    }
}

/// What can go wrong inside a transaction.
#[derive(Debug)]
pub enum Trouble {
    /// The database itself.
    Database(redb::Error),
    /// What it holds makes no sense; why.
    Nonsense(String),
}

impl<E: Into<redb::Error>> From<E> for Trouble {
    fn from(error: E) -> Self {
        Self::Database(error.into())
    }
}

/// Whatever keeps a folder from being made, the way out is another folder or more rights.
fn unwritable(folder: &Path, error: &std::io::Error) -> StoreError {
    match StoreError::io(folder, error) {
        full @ StoreError::Full { .. } => full,
        _ => StoreError::Unwritable { path: folder.to_path_buf(), why: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use parking_lot::Mutex;
    use redb::StorageBackend;

    use super::*;

    const NUMBERS: TableDefinition<u64, ()> = TableDefinition::new("numbers");
    const KIND: Kind = Kind {
        file: "numbers.redb",
        keeps: "numbers",
        schema: 3,
        cache_bytes: 1 << 20,
        checked: true,
        tables: |transaction| {
            transaction.open_table(NUMBERS)?;
            Ok(())
        },
    };

    /// A disk that can be full.
    #[derive(Debug, Clone, Default)]
    struct Disk {
        bytes: Arc<Mutex<Vec<u8>>>,
        full: Arc<AtomicBool>,
    }

    impl Disk {
        fn room(&self) -> Result<(), io::Error> {
            match self.full.load(Ordering::SeqCst) {
                true => Err(io::Error::from(io::ErrorKind::StorageFull)),
                false => Ok(()),
            }
        }
    }

    impl StorageBackend for Disk {
        fn len(&self) -> Result<u64, io::Error> {
            Ok(self.bytes.lock().len() as u64)
        }

        fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
            let start = offset as usize;
            out.copy_from_slice(&self.bytes.lock()[start..start + out.len()]);
            Ok(())
        }

        fn set_len(&self, len: u64) -> Result<(), io::Error> {
            self.room()?;
            self.bytes.lock().resize(len as usize, 0);
            Ok(())
        }

        fn sync_data(&self) -> Result<(), io::Error> {
            self.room()
        }

        fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
            self.room()?;
            let start = offset as usize;
            self.bytes.lock()[start..start + data.len()].copy_from_slice(data);
            Ok(())
        }
    }

    fn add(file: &File, number: u64) -> Result<(), StoreError> {
        file.change(|transaction| {
            transaction.open_table(NUMBERS)?.insert(number, ())?;
            Ok(())
        })
    }

    fn all(file: &File) -> Vec<u64> {
        let read = file.read(|transaction| {
            let table = transaction.open_table(NUMBERS)?;
            let mut numbers = Vec::new();
            for row in table.iter()? {
                numbers.push(row?.0.value());
            }
            Ok(numbers)
        });
        read.expect("it can be read")
    }

    #[test]
    fn a_full_disk_costs_the_steps_of_that_time_only() {
        let disk = Disk::default();
        let opened = disk.clone();
        let open = move || Database::builder().create_with_backend(opened.clone());
        let file = File::with("numbers.redb".into(), KIND, Box::new(open)).expect("there is room");
        add(&file, 1).expect("there is room");
        disk.full.store(true, Ordering::SeqCst);
        for number in 2..4 {
            let error = add(&file, number).expect_err("the disk is full");
            assert!(matches!(error, StoreError::Full { .. }), "{error}");
        }
        disk.full.store(false, Ordering::SeqCst);
        assert_eq!(all(&file), [1]);
        add(&file, 4).expect("there is room again");
        assert_eq!(all(&file), [1, 4]);
    }

    #[test]
    fn what_is_damaged_foreign_or_newer_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let path = folder.path().join(KIND.file);
        fs::write(&path, b"not a database").expect("it is written");
        let open = || File::open(folder.path(), KIND);
        assert!(matches!(open(), Err(StoreError::Corrupt { .. })));
        assert_eq!(fs::read(&path).expect("it is there"), b"not a database");
        fs::remove_file(&path).expect("it goes");
        drop(open().expect("it opens"));
        let newer = Kind { schema: 4, ..KIND };
        assert!(matches!(File::open(folder.path(), newer), Err(StoreError::Corrupt { .. })));
        let older = Kind { schema: 2, ..KIND };
        let refused = File::open(folder.path(), older).err().expect("it is newer");
        assert!(matches!(refused, StoreError::Newer { found: 3, known: 2, .. }), "{refused}");
        assert!(open().is_ok(), "and left as it was");
    }
}
