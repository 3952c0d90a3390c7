//! Who keeps what guests store by key. The sandbox only passes it on.

use std::sync::Arc;

/// Why a store did not do as asked, for the guest to read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyValueError {
    /// It may not, or there is none of that name.
    #[error("no such store, or no access to it")]
    NoSuchStore,
    /// Something else.
    #[error("{0}")]
    Other(String),
}

/// Named stores of bytes by key. Calls may wait for a disk, so they are made where
/// waiting hurts nobody.
pub trait KeyValue: Send + Sync {
    /// The value of a key.
    fn get(&self, store: &str, key: &str) -> Result<Option<Vec<u8>>, KeyValueError>;
    /// The value of a key and when it was set, where that is kept: seconds since 1970.
    fn get_dated(&self, store: &str, key: &str) -> Result<Option<Dated>, KeyValueError> {
        let found = self.get(store, key)?;
        Ok(found.map(|value| Dated { value, set_at: None }))
    }
    /// Sets the value of a key.
    fn set(&self, store: &str, key: &str, value: &[u8]) -> Result<(), KeyValueError>;
    /// Removes a key; one that is not there is no failure.
    fn delete(&self, store: &str, key: &str) -> Result<(), KeyValueError>;
    /// Up to `limit` keys after `after`, in order.
    fn keys(
        &self,
        store: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, KeyValueError>;
    /// Adds to the integer that a key holds (nothing is 0), and returns the sum.
    fn increment(&self, store: &str, key: &str, by: i64) -> Result<i64, KeyValueError>;
    /// The same stores for one call of a function, if it matters to them which keys are asked for
    /// together; dropped when the call has ended.
    fn of_call(&self, _function: &str) -> Option<Arc<dyn KeyValue>> {
        None
    }
}

/// A value and when it was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dated {
    /// The value.
    pub value: Vec<u8>,
    /// Seconds since 1970; nothing if that is not kept.
    pub set_at: Option<u64>,
}

/// The store that a guest means by a name, if it is given one: `name` is a store of that name,
/// `name=store` one that the guest calls otherwise.
pub fn granted(grants: &[String], asked: &str) -> Option<String> {
    grants.iter().find_map(|grant| {
        let (name, store) = grant.split_once('=').unwrap_or((grant, grant));
        (name == asked).then(|| store.to_string())
    })
}

/// Keeps nothing and has no stores.
pub struct NoKeyValue;

impl NoKeyValue {
    /// The one there is.
    pub fn shared() -> Arc<dyn KeyValue> {
        Arc::new(Self)
    }
}

impl KeyValue for NoKeyValue {
    fn get(&self, _store: &str, _key: &str) -> Result<Option<Vec<u8>>, KeyValueError> {
        Err(KeyValueError::NoSuchStore)
    }

    fn set(&self, _store: &str, _key: &str, _value: &[u8]) -> Result<(), KeyValueError> {
        Err(KeyValueError::NoSuchStore)
    }

    fn delete(&self, _store: &str, _key: &str) -> Result<(), KeyValueError> {
        Err(KeyValueError::NoSuchStore)
    }

    fn keys(
        &self,
        _store: &str,
        _after: Option<&str>,
        _limit: usize,
    ) -> Result<Vec<String>, KeyValueError> {
        Err(KeyValueError::NoSuchStore)
    }

    fn increment(&self, _store: &str, _key: &str, _by: i64) -> Result<i64, KeyValueError> {
        Err(KeyValueError::NoSuchStore)
    }
}
