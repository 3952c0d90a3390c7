//! What guests keep by key: one redb file, `keyvalue.redb`, for all stores of a node.
//!
//! Each change is one transaction that is on disk before the guest hears of it, because a
//! box at the edge loses power without notice; a function that writes often pays for that.
//! Keys and values are bounded, so no guest fills the memory of the node with one answer.

use std::path::Path;

use redb::{ReadableTable, TableDefinition};

use swell_sandbox::key_value::{KeyValue, KeyValueError};

use crate::store::database::{File, Kind};
use crate::store::error::StoreError;

/// Name of the file in the data folder.
pub const FILE: &str = "keyvalue.redb";
/// The schema that this program writes, and the newest it reads.
pub const SCHEMA: u64 = 1;
/// The longest key.
pub const KEY_BYTES_MAX: usize = 1 << 10;
/// The longest value.
pub const VALUE_BYTES_MAX: usize = 4 << 20;
const VALUES: TableDefinition<(&str, &str), &[u8]> = TableDefinition::new("values");

const KIND: Kind = Kind {
    file: FILE,
    keeps: "values of functions",
    schema: SCHEMA,
    cache_bytes: 8 << 20,
    checked: false,
    tables: |transaction| {
        transaction.open_table(VALUES)?;
        Ok(())
    },
};

/// The stores of a node.
pub struct Shelf {
    file: File,
}

impl Shelf {
    /// Opens the stores in a data folder, and makes the file if there is none.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        Ok(Self { file: File::open(folder, KIND)? })
    }
}

fn failed(error: StoreError) -> KeyValueError {
    KeyValueError::Other(error.to_string())
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
        let found = self.file.read(|transaction| {
            let found = transaction.open_table(VALUES)?.get((store, key))?;
            Ok(found.map(|value| value.value().to_vec()))
        });
        found.map_err(failed)
    }

    fn set(&self, store: &str, key: &str, value: &[u8]) -> Result<(), KeyValueError> {
        check(key)?;
        if value.len() > VALUE_BYTES_MAX {
            let most = VALUE_BYTES_MAX;
            return Err(KeyValueError::Other(format!("a value has at most {most} bytes")));
        }
        let done = self.file.change(|transaction| {
            transaction.open_table(VALUES)?.insert((store, key), value)?;
            Ok(())
        });
        done.map_err(failed)
    }

    fn delete(&self, store: &str, key: &str) -> Result<(), KeyValueError> {
        let done = self.file.change(|transaction| {
            transaction.open_table(VALUES)?.remove((store, key))?;
            Ok(())
        });
        done.map_err(failed)
    }

    fn keys(
        &self,
        store: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, KeyValueError> {
        let found = self.file.read(|transaction| {
            let values = transaction.open_table(VALUES)?;
            let mut keys = Vec::new();
            for row in values.range((store, after.unwrap_or(""))..)? {
                let (name, _) = row?;
                let (found, key) = name.value();
                if found != store || keys.len() >= limit {
                    break;
                }
                if Some(key) != after {
                    keys.push(key.to_string());
                }
            }
            Ok(keys)
        });
        found.map_err(failed)
    }

    fn increment(&self, store: &str, key: &str, by: i64) -> Result<i64, KeyValueError> {
        check(key)?;
        let done = self.file.change(|transaction| {
            let mut values = transaction.open_table(VALUES)?;
            let former = values.get((store, key))?.map(|value| number(value.value()));
            let sum = former.unwrap_or(Ok(0)).and_then(|former| {
                former.checked_add(by).ok_or_else(|| {
                    KeyValueError::Other("the sum is beyond what a key can hold".to_string())
                })
            });
            if let Ok(sum) = sum {
                values.insert((store, key), sum.to_string().as_bytes())?;
            }
            Ok(sum)
        });
        done.map_err(failed)?
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
}
