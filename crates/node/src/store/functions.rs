//! Where functions and what the policy learned are kept: one redb file, `functions.redb`.
//!
//! Each step is one transaction that is on disk before it is believed, so a power cut
//! leaves the state before the step or after it. The database refuses all work after a
//! failed write; it is then opened afresh with the next use, so a disk that was full for a
//! while costs the steps tried meanwhile and no restart.
//!
//! Invariant: opening changes nothing in a file that cannot be understood.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use redb::{Database, DatabaseError, ReadableDatabase, ReadableTable, TableDefinition};
use redb::{ReadTransaction, TableError, WriteTransaction};
use serde::de::DeserializeOwned;

use crate::store::error::{StoreError, storage};
use crate::store::record::{FunctionRecord, Step, VersionRecord};

/// Name of the file in the data folder.
pub const FILE: &str = "functions.redb";

/// The schema that this program writes, and the newest it reads.
pub const SCHEMA: u64 = 1;

/// Memory for pages of the file. Everything is read once, at the start, so it is small.
const CACHE_BYTES: usize = 4 << 20;

const META: TableDefinition<&str, u64> = TableDefinition::new("meta");
const FUNCTIONS: TableDefinition<&str, &[u8]> = TableDefinition::new("functions");
const VERSIONS: TableDefinition<(&str, u32), &[u8]> = TableDefinition::new("versions");
const LEARNED: TableDefinition<&str, &[u8]> = TableDefinition::new("learned");

/// Opens the database behind a store, again after it failed.
type Open = Box<dyn Fn() -> Result<Database, DatabaseError> + Send + Sync>;

/// The store of functions.
pub struct Store {
    path: PathBuf,
    open: Open,
    database: Mutex<Option<Database>>,
}

impl Store {
    /// Opens the store in a data folder, and makes both if there is none.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
        let path = folder.join(FILE);
        let file = path.clone();
        Self::with(
            path,
            Box::new(move || Database::builder().set_cache_size(CACHE_BYTES).create(&file)),
        )
    }

    /// A store on whatever `open` opens; `path` is its name in messages.
    fn with(path: PathBuf, open: Open) -> Result<Self, StoreError> {
        let store = Self { path, open, database: Mutex::new(None) };
        store.with_database(|database| store.check_schema(database))?;
        Ok(store)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All functions, by name, in one pass.
    pub fn load(&self) -> Result<Vec<FunctionRecord>, StoreError> {
        self.read(|transaction| {
            let mut versions = self.versions(transaction)?;
            let table = transaction.open_table(FUNCTIONS).map_err(|error| self.table(error))?;
            let mut all = Vec::new();
            for row in table.iter().map_err(storage(&self.path))? {
                let (key, value) = row.map_err(storage(&self.path))?;
                let name = key.value().to_string();
                let head = self.parse(value.value(), &name)?;
                let Some(versions) = versions.remove(&name) else {
                    let why = format!("it holds no version of the function `{name}`");
                    return Err(StoreError::Corrupt { path: self.path.clone(), why });
                };
                all.push(FunctionRecord { name, head, versions });
            }
            Ok(all)
        })
    }

    /// Writes one step of a function.
    pub fn save(&self, step: &Step<'_>) -> Result<(), StoreError> {
        self.save_all(std::slice::from_ref(step))
    }

    /// Writes steps of functions together: all of them or none.
    pub fn save_all(&self, steps: &[Step<'_>]) -> Result<(), StoreError> {
        self.change(|transaction| {
            let mut functions = transaction.open_table(FUNCTIONS).map_err(|e| self.table(e))?;
            let mut versions = transaction.open_table(VERSIONS).map_err(|e| self.table(e))?;
            for step in steps {
                let head = serde_json::to_vec(step.head).expect("a head is plain data");
                functions.insert(step.name, &head[..]).map_err(storage(&self.path))?;
                if let Some(added) = step.added {
                    let bytes = serde_json::to_vec(added).expect("a version is plain data");
                    let key = (step.name, added.version);
                    versions.insert(key, &bytes[..]).map_err(storage(&self.path))?;
                }
                for &dropped in step.dropped {
                    versions.remove((step.name, dropped)).map_err(storage(&self.path))?;
                }
            }
            Ok(())
        })
    }

    /// Removes a function with all its versions.
    pub fn remove(&self, name: &str) -> Result<(), StoreError> {
        self.change(|transaction| {
            let mut functions = transaction.open_table(FUNCTIONS).map_err(|e| self.table(e))?;
            functions.remove(name).map_err(storage(&self.path))?;
            let mut versions = transaction.open_table(VERSIONS).map_err(|e| self.table(e))?;
            let all = (name, 0)..=(name, u32::MAX);
            versions.retain_in(all, |_, _| false).map_err(storage(&self.path))
        })
    }

    /// Keeps what the policy learned, in place of what was kept before.
    pub fn save_learned(&self, bytes: &[u8]) -> Result<(), StoreError> {
        self.change(|transaction| {
            let mut table = transaction.open_table(LEARNED).map_err(|error| self.table(error))?;
            table.insert("policy", bytes).map_err(storage(&self.path))?;
            Ok(())
        })
    }

    /// What the policy had learned.
    pub fn learned(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(|transaction| {
            let table = transaction.open_table(LEARNED).map_err(|error| self.table(error))?;
            let value = table.get("policy").map_err(storage(&self.path))?;
            Ok(value.map(|value| value.value().to_vec()))
        })
    }

    fn versions(
        &self,
        transaction: &ReadTransaction,
    ) -> Result<BTreeMap<String, Vec<VersionRecord>>, StoreError> {
        let table = transaction.open_table(VERSIONS).map_err(|error| self.table(error))?;
        let mut versions = BTreeMap::<String, Vec<VersionRecord>>::new();
        for row in table.iter().map_err(storage(&self.path))? {
            let (key, value) = row.map_err(storage(&self.path))?;
            let (name, version) = key.value();
            let mut record: VersionRecord = self.parse(value.value(), name)?;
            record.version = version;
            match versions.get_mut(name) {
                Some(known) => known.push(record),
                None => drop(versions.insert(name.to_string(), vec![record])),
            }
        }
        Ok(versions)
    }

    fn parse<T: DeserializeOwned>(&self, bytes: &[u8], name: &str) -> Result<T, StoreError> {
        serde_json::from_slice(bytes).map_err(|error| StoreError::Corrupt {
            path: self.path.clone(),
            why: format!("what it holds of the function `{name}` makes no sense ({error})"),
        })
    }

    /// Marks a new file with the schema, and refuses one of another schema. Only a new file
    /// is written to.
    fn check_schema(&self, database: &Database) -> Result<(), StoreError> {
        let transaction = database.begin_write().map_err(|error| self.database(error))?;
        let tables = transaction.list_tables().map_err(storage(&self.path))?;
        let fresh = tables.count() == 0;
        let mut meta = transaction.open_table(META).map_err(|error| self.table(error))?;
        let found = meta.get("schema").map_err(storage(&self.path))?.map(|found| found.value());
        match found {
            Some(SCHEMA) => Ok(()),
            Some(found) if found > SCHEMA => {
                Err(StoreError::Newer { path: self.path.clone(), found, known: SCHEMA })
            }
            None if fresh => {
                meta.insert("schema", SCHEMA).map_err(storage(&self.path))?;
                drop(meta);
                for table in [FUNCTIONS, LEARNED] {
                    transaction.open_table(table).map_err(|error| self.table(error))?;
                }
                transaction.open_table(VERSIONS).map_err(|error| self.table(error))?;
                transaction.commit().map_err(|error| self.database(error))
            }
            _ => {
                let why = "it is a database, but not one of swell's functions".to_string();
                Err(StoreError::Corrupt { path: self.path.clone(), why })
            }
        }
    }

    fn read<T>(
        &self,
        work: impl FnOnce(&ReadTransaction) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.with_database(|database| {
            let transaction = database.begin_read().map_err(|error| self.database(error))?;
            work(&transaction)
        })
    }

    fn change<T>(
        &self,
        work: impl FnOnce(&WriteTransaction) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.with_database(|database| {
            let transaction = database.begin_write().map_err(|error| self.database(error))?;
            let done = work(&transaction)?;
            transaction.commit().map_err(|error| self.database(error))?;
            Ok(done)
        })
    }

    fn with_database<T>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut database = self.database.lock();
        let open = match database.take() {
            Some(open) => open,
            None => (self.open)().map_err(|error| self.database(error))?,
        };
        let done = work(&open);
        // After a failed write the database does nothing more; the next use opens it again.
        if !matches!(done, Err(StoreError::Full { .. } | StoreError::Disk { .. })) {
            *database = Some(open);
        }
        done
    }

    fn database(&self, error: impl Into<redb::Error>) -> StoreError {
        StoreError::database(&self.path, error)
    }

    fn table(&self, error: TableError) -> StoreError {
        StoreError::database(&self.path, error)
    }
}

/// Whatever keeps a folder from being made, the way out is another folder or more rights.
fn unwritable(folder: &Path, error: &std::io::Error) -> StoreError {
    match StoreError::io(folder, error) {
        full @ StoreError::Full { .. } => full,
        _ => StoreError::Unwritable { path: folder.to_path_buf(), why: error.to_string() },
    }
}
