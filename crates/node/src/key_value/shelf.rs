//! What guests keep by key: one redb file, `keyvalue.redb`, for all stores of a node.
//!
//! Each change is one transaction that is on disk before the guest hears of it, because a
//! box at the edge loses power without notice; a function that writes often pays for that.
//! Keys and values are bounded, so no guest fills the memory of the node with one answer.

use std::collections::BTreeMap;
use std::path::Path;

use redb::{ReadableTable, Table, TableDefinition, WriteTransaction};

use swell_sandbox::key_value::{KeyValue, KeyValueError};

use crate::key_value::place::Place;
use crate::store::database::{File, Kind, Trouble};
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
/// What has come so far of stores that move here.
const ASIDE: TableDefinition<(&str, &str), &[u8]> = TableDefinition::new("aside");
/// Where stores are that moved, as JSON.
const PLACES: TableDefinition<&str, &[u8]> = TableDefinition::new("places");

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
        let file = File::open(folder, KIND)?;
        // Files of earlier releases do not have these.
        file.change(|transaction| {
            transaction.open_table(ASIDE)?;
            transaction.open_table(PLACES)?;
            Ok(())
        })?;
        Ok(Self { file })
    }

    /// Where stores are that moved.
    pub fn places(&self) -> Result<BTreeMap<String, Place>, StoreError> {
        self.file.read(|transaction| {
            let mut places = BTreeMap::new();
            for row in transaction.open_table(PLACES)?.iter()? {
                let (store, place) = row?;
                let store = store.value().to_string();
                let place = serde_json::from_slice(place.value()).map_err(|error| {
                    Trouble::Nonsense(format!("where the store `{store}` is ({error})"))
                })?;
                places.insert(store, place);
            }
            Ok(places)
        })
    }

    /// Keeps where a store is.
    pub fn place(&self, store: &str, place: &Place) -> Result<(), StoreError> {
        self.file.change(|transaction| Ok(write_place(transaction, store, place)?))
    }

    /// Whether a store holds nothing.
    pub fn is_empty(&self, store: &str) -> Result<bool, StoreError> {
        Ok(self.values(store, None, 0)?.is_empty())
    }

    /// Values of a store after a key, in order: the first, and more up to so many bytes.
    pub fn values(
        &self,
        store: &str,
        after: Option<&str>,
        bytes_max: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        self.file.read(|transaction| {
            let table = transaction.open_table(VALUES)?;
            let (mut found, mut bytes) = (Vec::new(), 0);
            for row in table.range((store, after.unwrap_or(""))..)? {
                let (name, value) = row?;
                let (of, key) = name.value();
                if of != store || (!found.is_empty() && bytes + value.value().len() > bytes_max) {
                    break;
                }
                if Some(key) != after {
                    bytes += value.value().len();
                    found.push((key.to_string(), value.value().to_vec()));
                }
            }
            Ok(found)
        })
    }

    /// Puts values aside of a store that comes here; the first ones in place of all others.
    pub fn put_aside(
        &self,
        store: &str,
        is_first: bool,
        values: &[(String, Vec<u8>)],
    ) -> Result<(), StoreError> {
        self.file.change(|transaction| {
            let mut aside = transaction.open_table(ASIDE)?;
            if is_first {
                clear(&mut aside, store)?;
            }
            for (key, value) in values {
                aside.insert((store, key.as_str()), &value[..])?;
            }
            Ok(())
        })
    }

    /// What was put aside is the store from now on, at that place.
    pub fn seal(&self, store: &str, place: &Place) -> Result<(), StoreError> {
        self.file.change(|transaction| {
            let mut aside = transaction.open_table(ASIDE)?;
            let mut values = transaction.open_table(VALUES)?;
            clear(&mut values, store)?;
            for row in aside.range((store, "")..)? {
                let (name, value) = row?;
                let (of, key) = name.value();
                if of != store {
                    break;
                }
                values.insert((store, key), value.value())?;
            }
            clear(&mut aside, store)?;
            drop((aside, values));
            Ok(write_place(transaction, store, place)?)
        })
    }

    /// Forgets all values of a store.
    pub fn clear(&self, store: &str) -> Result<(), StoreError> {
        self.file.change(|transaction| Ok(clear(&mut transaction.open_table(VALUES)?, store)?))
    }
}

fn write_place(
    transaction: &WriteTransaction,
    store: &str,
    place: &Place,
) -> Result<(), redb::Error> {
    let bytes = serde_json::to_vec(place).expect("a place is plain data");
    transaction.open_table(PLACES)?.insert(store, &bytes[..])?;
    Ok(())
}

fn clear(
    table: &mut Table<'_, (&'static str, &'static str), &'static [u8]>,
    store: &str,
) -> Result<(), redb::Error> {
    // The first name after all of the store's own.
    let past = format!("{store}\0");
    table.retain_in((store, "")..(past.as_str(), ""), |_, _| false)?;
    Ok(())
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
