//! What guests keep by key: one redb file, `keyvalue.redb`, for all stores of a node.
//!
//! Each change is one transaction that is on disk before the guest hears of it, because a
//! box at the edge loses power without notice; a function that writes often pays for that.
//! Keys and values are bounded, so no guest fills the memory of the node with one answer.

use std::path::Path;

use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition, TableError};

use swell_sandbox::key_value::{KeyValue, KeyValueError};

use crate::key_value::error::ShelfError;

/// Name of the file in the data folder.
pub const FILE: &str = "keyvalue.redb";
/// The schema that this program writes, and the newest it reads.
pub const SCHEMA: u64 = 1;
/// The longest key.
pub const KEY_BYTES_MAX: usize = 1 << 10;
/// The longest value.
pub const VALUE_BYTES_MAX: usize = 4 << 20;
/// Memory for pages of the file.
const CACHE_BYTES: usize = 8 << 20;

const META: TableDefinition<&str, u64> = TableDefinition::new("meta");
const VALUES: TableDefinition<(&str, &str), &[u8]> = TableDefinition::new("values");

/// The stores of a node.
pub struct Shelf {
    database: Database,
}

impl Shelf {
    /// Opens the stores in a data folder, and makes the file if there is none.
    pub fn open(folder: &Path) -> Result<Self, ShelfError> {
        let path = folder.join(FILE);
        let unusable = |why: String| ShelfError::Unusable { path: path.clone(), why };
        let database = Database::builder().set_cache_size(CACHE_BYTES).create(&path);
        let database = database.map_err(|error| unusable(error.to_string()))?;
        let found = schema(&database).map_err(|error| unusable(error.to_string()))?;
        match found {
            Some(SCHEMA) => {}
            Some(found) if found > SCHEMA => {
                return Err(ShelfError::Newer { path, found, known: SCHEMA });
            }
            Some(found) => return Err(unusable(format!("its schema is {found}"))),
            None => begin(&database).map_err(|error| unusable(error.to_string()))?,
        }
        Ok(Self { database })
    }
}

fn schema(database: &Database) -> Result<Option<u64>, redb::Error> {
    let read = database.begin_read()?;
    match read.open_table(META) {
        Ok(meta) => Ok(Some(meta.get("schema")?.map_or(0, |schema| schema.value()))),
        Err(TableError::TableDoesNotExist(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn begin(database: &Database) -> Result<(), redb::Error> {
    let write = database.begin_write()?;
    write.open_table(META)?.insert("schema", SCHEMA)?;
    write.open_table(VALUES)?;
    write.commit()?;
    Ok(())
}

fn failed(error: impl Into<redb::Error>) -> KeyValueError {
    KeyValueError::Other(error.into().to_string())
}

fn check(key: &str) -> Result<(), KeyValueError> {
    match key.len() {
        0 => Err(KeyValueError::Other("a key has at least one letter".to_string())),
        length if length > KEY_BYTES_MAX => {
            Err(KeyValueError::Other(format!("a key has at most {KEY_BYTES_MAX} bytes")))
        }
        _ => Ok(()),
    }
}

impl KeyValue for Shelf {
    fn get(&self, store: &str, key: &str) -> Result<Option<Vec<u8>>, KeyValueError> {
        let read = self.database.begin_read().map_err(failed)?;
        let values = read.open_table(VALUES).map_err(failed)?;
        let found = values.get((store, key)).map_err(failed)?;
        Ok(found.map(|value| value.value().to_vec()))
    }

    fn set(&self, store: &str, key: &str, value: &[u8]) -> Result<(), KeyValueError> {
        check(key)?;
        if value.len() > VALUE_BYTES_MAX {
            let most = VALUE_BYTES_MAX;
            return Err(KeyValueError::Other(format!("a value has at most {most} bytes")));
        }
        let write = self.database.begin_write().map_err(failed)?;
        write.open_table(VALUES).map_err(failed)?.insert((store, key), value).map_err(failed)?;
        write.commit().map_err(failed)
    }

    fn delete(&self, store: &str, key: &str) -> Result<(), KeyValueError> {
        let write = self.database.begin_write().map_err(failed)?;
        write.open_table(VALUES).map_err(failed)?.remove((store, key)).map_err(failed)?;
        write.commit().map_err(failed)
    }

    fn keys(
        &self,
        store: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, KeyValueError> {
        let read = self.database.begin_read().map_err(failed)?;
        let values = read.open_table(VALUES).map_err(failed)?;
        let rows = values.range((store, after.unwrap_or(""))..).map_err(failed)?;
        let mut keys = Vec::new();
        for row in rows {
            let (name, _) = row.map_err(failed)?;
            let (found, key) = name.value();
            if found != store || keys.len() >= limit {
                break;
            }
            if Some(key) != after {
                keys.push(key.to_string());
            }
        }
        Ok(keys)
    }

    fn increment(&self, store: &str, key: &str, by: i64) -> Result<i64, KeyValueError> {
        check(key)?;
        let write = self.database.begin_write().map_err(failed)?;
        let sum = {
            let mut values = write.open_table(VALUES).map_err(failed)?;
            let former = values.get((store, key)).map_err(failed)?;
            let former = former.map(|value| number(value.value())).transpose()?.unwrap_or(0);
            let sum = former.checked_add(by).ok_or_else(|| {
                KeyValueError::Other("the sum is beyond what a key can hold".to_string())
            })?;
            values.insert((store, key), sum.to_string().as_bytes()).map_err(failed)?;
            sum
        };
        write.commit().map_err(failed)?;
        Ok(sum)
    }
}

/// The integer that a value is, as decimal text.
fn number(value: &[u8]) -> Result<i64, KeyValueError> {
    let text = std::str::from_utf8(value).ok();
    text.and_then(|text| text.trim().parse().ok()).ok_or_else(|| {
        KeyValueError::Other("the key holds something that is not an integer".to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_found_again_and_only_in_its_store() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let shelf = Shelf::open(folder.path()).expect("it opens");
        for (store, key, value) in [("a", "x", "1"), ("a", "y", "2"), ("b", "x", "3")] {
            shelf.set(store, key, value.as_bytes()).expect("it is kept");
        }
        drop(shelf);
        let shelf = Shelf::open(folder.path()).expect("it opens again");
        assert_eq!(shelf.get("a", "x"), Ok(Some(b"1".to_vec())));
        assert_eq!(shelf.get("b", "x"), Ok(Some(b"3".to_vec())));
        assert_eq!(shelf.get("b", "y"), Ok(None));
        assert_eq!(shelf.keys("a", None, 10), Ok(vec!["x".to_string(), "y".to_string()]));
        assert_eq!(shelf.keys("a", Some("x"), 10), Ok(vec!["y".to_string()]));
        assert_eq!(shelf.keys("a", None, 1), Ok(vec!["x".to_string()]));
        shelf.delete("a", "x").expect("it goes");
        shelf.delete("a", "x").expect("going twice is no failure");
        assert_eq!(shelf.get("a", "x"), Ok(None));
    }

    #[test]
    fn counting_is_exact_and_refuses_what_is_no_number() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let shelf = Shelf::open(folder.path()).expect("it opens");
        assert_eq!(shelf.increment("a", "n", 2), Ok(2));
        assert_eq!(shelf.increment("a", "n", -5), Ok(-3));
        assert!(shelf.increment("a", "n", i64::MIN).is_err());
        assert_eq!(shelf.get("a", "n"), Ok(Some(b"-3".to_vec())), "unchanged by what failed");
        shelf.set("a", "text", b"many").expect("it is kept");
        assert!(shelf.increment("a", "text", 1).is_err());
    }

    #[test]
    fn bounds_are_kept() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let shelf = Shelf::open(folder.path()).expect("it opens");
        assert!(shelf.set("a", "", b"").is_err());
        assert!(shelf.set("a", &"k".repeat(KEY_BYTES_MAX + 1), b"").is_err());
        assert!(shelf.set("a", "k", &vec![0; VALUE_BYTES_MAX + 1]).is_err());
        assert!(shelf.set("a", "k", &vec![0; VALUE_BYTES_MAX]).is_ok());
    }

    #[test]
    fn what_is_damaged_or_newer_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let path = folder.path().join(FILE);
        std::fs::write(&path, b"not a store").expect("it is written");
        assert!(matches!(Shelf::open(folder.path()), Err(ShelfError::Unusable { .. })));
        assert_eq!(std::fs::read(&path).expect("it is there"), b"not a store");
        std::fs::remove_file(&path).expect("it goes");
        let shelf = Shelf::open(folder.path()).expect("it opens");
        let write = shelf.database.begin_write().expect("it is written");
        write.open_table(META).expect("it is there").insert("schema", 9).expect("it is set");
        write.commit().expect("it is kept");
        drop(shelf);
        assert!(matches!(Shelf::open(folder.path()), Err(ShelfError::Newer { found: 9, .. })));
    }
}
