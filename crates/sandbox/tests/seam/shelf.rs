//! A store in memory for tests of what guests keep.

use std::collections::BTreeMap;

use parking_lot::Mutex;

use swell_sandbox::key_value::{KeyValue, KeyValueError};

/// Keeps every store anyone asks for.
#[derive(Default)]
pub(crate) struct Shelf(Mutex<BTreeMap<(String, String), Vec<u8>>>);

fn place(store: &str, key: &str) -> (String, String) {
    (store.to_string(), key.to_string())
}

impl KeyValue for Shelf {
    fn get(&self, store: &str, key: &str) -> Result<Option<Vec<u8>>, KeyValueError> {
        Ok(self.0.lock().get(&place(store, key)).cloned())
    }

    fn set(&self, store: &str, key: &str, value: &[u8]) -> Result<(), KeyValueError> {
        self.0.lock().insert(place(store, key), value.to_vec());
        Ok(())
    }

    fn delete(&self, store: &str, key: &str) -> Result<(), KeyValueError> {
        self.0.lock().remove(&place(store, key));
        Ok(())
    }

    fn keys(
        &self,
        store: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, KeyValueError> {
        let shelf = self.0.lock();
        let keys = shelf.keys().filter(|(name, _)| name == store).map(|(_, key)| key);
        let keys = keys.filter(|key| after.is_none_or(|after| key.as_str() > after));
        Ok(keys.take(limit).cloned().collect())
    }

    fn increment(&self, store: &str, key: &str, by: i64) -> Result<i64, KeyValueError> {
        let mut shelf = self.0.lock();
        let value = shelf.entry(place(store, key)).or_insert_with(|| b"0".to_vec());
        let number = std::str::from_utf8(value).ok().and_then(|text| text.parse::<i64>().ok());
        let sum = number.and_then(|number| number.checked_add(by));
        let sum = sum.ok_or_else(|| KeyValueError::Other("it is no number".to_string()))?;
        *value = sum.to_string().into_bytes();
        Ok(sum)
    }
}
