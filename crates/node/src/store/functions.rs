//! Where functions and what the policy learned are kept: one database file,
//! `functions.redb`. All of it is read at a start, so it is also checked for damage then.

use std::collections::BTreeMap;
use std::path::Path;

use redb::{ReadTransaction, ReadableTable, TableDefinition};
use serde::de::DeserializeOwned;

use crate::store::database::{File, Kind, Trouble};
use crate::store::error::StoreError;
use crate::store::record::{FunctionRecord, Step, VersionRecord};

/// Name of the file in the data folder.
pub const FILE: &str = "functions.redb";

/// The schema that this program writes, and the newest it reads.
pub const SCHEMA: u64 = 1;

const FUNCTIONS: TableDefinition<&str, &[u8]> = TableDefinition::new("functions");
const VERSIONS: TableDefinition<(&str, u32), &[u8]> = TableDefinition::new("versions");
const LEARNED: TableDefinition<&str, &[u8]> = TableDefinition::new("learned");

const KIND: Kind = Kind {
    file: FILE,
    keeps: "functions",
    schema: SCHEMA,
    // Everything is read once, at the start, so it is small.
    cache_bytes: 4 << 20,
    checked: true,
    tables: |transaction| {
        transaction.open_table(FUNCTIONS)?;
        transaction.open_table(VERSIONS)?;
        transaction.open_table(LEARNED)?;
        Ok(())
    },
};

/// The store of functions.
pub struct Store {
    file: File,
}

impl Store {
    /// Opens the store in a data folder, and makes both if there is none.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        Ok(Self { file: File::open(folder, KIND)? })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// All functions, by name, in one pass.
    pub fn load(&self) -> Result<Vec<FunctionRecord>, StoreError> {
        self.file.read(|transaction| {
            let mut versions = versions(transaction)?;
            let mut all = Vec::new();
            for row in transaction.open_table(FUNCTIONS)?.iter()? {
                let (key, value) = row?;
                let name = key.value().to_string();
                let head = parse(value.value(), &name)?;
                let Some(versions) = versions.remove(&name) else {
                    let why = format!("it holds no version of the function `{name}`");
                    return Err(Trouble::Nonsense(why));
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
        self.file.change(|transaction| {
            let mut functions = transaction.open_table(FUNCTIONS)?;
            let mut versions = transaction.open_table(VERSIONS)?;
            for step in steps {
                let head = serde_json::to_vec(step.head).expect("a head is plain data");
                functions.insert(step.name, &head[..])?;
                if let Some(added) = step.added {
                    let bytes = serde_json::to_vec(added).expect("a version is plain data");
                    versions.insert((step.name, added.version), &bytes[..])?;
                }
                for &dropped in step.dropped {
                    versions.remove((step.name, dropped))?;
                }
            }
            Ok(())
        })
    }

    /// Removes a function with all its versions.
    pub fn remove(&self, name: &str) -> Result<(), StoreError> {
        self.file.change(|transaction| {
            transaction.open_table(FUNCTIONS)?.remove(name)?;
            let all = (name, 0)..=(name, u32::MAX);
            transaction.open_table(VERSIONS)?.retain_in(all, |_, _| false)?;
            Ok(())
        })
    }

    /// Keeps what the policy learned, in place of what was kept before.
    pub fn save_learned(&self, bytes: &[u8]) -> Result<(), StoreError> {
        self.file.change(|transaction| {
            transaction.open_table(LEARNED)?.insert("policy", bytes)?;
            Ok(())
        })
    }

    /// What the policy had learned.
    pub fn learned(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.file.read(|transaction| {
            let value = transaction.open_table(LEARNED)?.get("policy")?;
            Ok(value.map(|value| value.value().to_vec()))
        })
    }
}

fn versions(
    transaction: &ReadTransaction,
) -> Result<BTreeMap<String, Vec<VersionRecord>>, Trouble> {
    let mut versions = BTreeMap::<String, Vec<VersionRecord>>::new();
    for row in transaction.open_table(VERSIONS)?.iter()? {
        let (key, value) = row?;
        let (name, version) = key.value();
        let mut record: VersionRecord = parse(value.value(), name)?;
        record.version = version;
        match versions.get_mut(name) {
            Some(known) => known.push(record),
            None => drop(versions.insert(name.to_string(), vec![record])),
        }
    }
    Ok(versions)
}

fn parse<T: DeserializeOwned>(bytes: &[u8], name: &str) -> Result<T, Trouble> {
    serde_json::from_slice(bytes).map_err(|error| {
        let why = format!("what it holds of the function `{name}` makes no sense ({error})");
        Trouble::Nonsense(why)
    })
}
