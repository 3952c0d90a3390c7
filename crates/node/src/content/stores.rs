//! What guests keep by key: on this node's shelf, or in contents of a workload, which every node
//! of its cache group has.
//!
//! Functions of a node read causally in one session: what any of them has seen or written, all
//! of them see.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use parking_lot::Mutex;
use tokio::runtime::Handle;

use swell_content::answer::{Change, ContentError, Precondition};
use swell_content::blob::{Blob, MEDIA_TYPE_DEFAULT};
use swell_content::contents::Contents;
use swell_content::naming::ContentName;
use swell_core::cachegroup::level::{Acknowledgement, ReadLevel};
use swell_core::cachegroup::session::Session;
use swell_sandbox::key_value::{Dated, KeyValue, KeyValueError};

use crate::clock::wall_ms;
use crate::content::history::{History, Inputs};
use crate::deploy::bounds::CONTENTS;
use crate::key_value::operations::Operations;

/// How often a counter is tried to be changed while others change it.
const TRIES_MAX: u32 = 100;

/// The stores of a node.
pub struct Stores {
    shelf: Arc<dyn KeyValue>,
    contents: OnceLock<Arc<Contents>>,
    session: Mutex<Session>,
    runtime: Handle,
    history: Arc<History>,
    operations: Arc<Operations>,
    me: Weak<Stores>,
}

/// The stores, as one call has them: what it reads of contents is noted when it ends.
struct CallStores {
    stores: Arc<Stores>,
    function: String,
    inputs: Mutex<Inputs>,
    operations: AtomicU64,
}

impl Stores {
    /// Stores on a shelf, and in contents once these are open.
    pub fn new(shelf: Arc<dyn KeyValue>) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            shelf,
            contents: OnceLock::new(),
            session: Mutex::default(),
            runtime: Handle::current(),
            history: Arc::default(),
            operations: Arc::default(),
            me: me.clone(),
        })
    }

    /// What calls read of contents.
    pub fn history(&self) -> &Arc<History> {
        &self.history
    }

    /// How many operations functions made.
    pub fn operations(&self) -> &Arc<Operations> {
        &self.operations
    }

    /// The contents are open.
    pub fn found(&self, contents: Arc<Contents>) {
        // They are opened once.
        let _ = self.contents.set(contents);
    }

    /// The contents that a store leads to, if it does, and the workload.
    fn contents<'a>(
        &self,
        store: &'a str,
    ) -> Result<Option<(&Arc<Contents>, &'a str)>, KeyValueError> {
        let Some(workload) = store.strip_prefix(CONTENTS) else { return Ok(None) };
        let contents = self.contents.get().ok_or(KeyValueError::NoSuchStore)?;
        Ok(Some((contents, workload)))
    }

    fn write(
        &self,
        contents: &Contents,
        name: &ContentName,
        change: &Change,
        precondition: Precondition,
    ) -> Result<(), ContentError> {
        let session = self.session.lock().clone();
        let committed = Acknowledgement::Committed;
        let writing = contents.write(name, change, precondition, &session, committed);
        let writing = self.runtime.block_on(writing)?;
        self.session.lock().absorb(&writing.session);
        Ok(())
    }
}

fn failed(error: impl ToString) -> KeyValueError {
    KeyValueError::Other(error.to_string())
}

fn named(workload: &str, key: &str) -> Result<ContentName, KeyValueError> {
    ContentName::new(workload, key).map_err(failed)
}

fn set_to(contents: &Contents, value: &[u8]) -> Result<Change, KeyValueError> {
    let most = contents.body_bytes_max();
    if value.len() as u64 > most {
        return Err(KeyValueError::Other(format!("a content has at most {most} bytes")));
    }
    let blob = Blob::new(MEDIA_TYPE_DEFAULT, value).expect("the type is short");
    Ok(Change::Set(blob.made_at(wall_ms())))
}

impl KeyValue for Stores {
    fn get(&self, store: &str, key: &str) -> Result<Option<Vec<u8>>, KeyValueError> {
        Ok(self.get_dated(store, key)?.map(|dated| dated.value))
    }

    fn get_dated(&self, store: &str, key: &str) -> Result<Option<Dated>, KeyValueError> {
        let Some((contents, workload)) = self.contents(store)? else {
            return self.shelf.get_dated(store, key);
        };
        let name = named(workload, key)?;
        let session = self.session.lock().clone();
        let reading = contents.read(&name, ReadLevel::Causal, session);
        let reading = self.runtime.block_on(reading).map_err(failed)?;
        self.session.lock().absorb(&reading.session);
        Ok(reading.blob.map(|blob| Dated {
            value: blob.body().to_vec(),
            set_at: blob.made_ms().map(|made| made / 1000),
        }))
    }

    fn set(&self, store: &str, key: &str, value: &[u8]) -> Result<(), KeyValueError> {
        let Some((contents, workload)) = self.contents(store)? else {
            return self.shelf.set(store, key, value);
        };
        let (name, change) = (named(workload, key)?, set_to(contents, value)?);
        self.write(contents, &name, &change, Precondition::None).map_err(failed)
    }

    fn delete(&self, store: &str, key: &str) -> Result<(), KeyValueError> {
        let Some((contents, workload)) = self.contents(store)? else {
            return self.shelf.delete(store, key);
        };
        let name = named(workload, key)?;
        match self.write(contents, &name, &Change::Delete, Precondition::None) {
            Ok(()) | Err(ContentError::NotFound) => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }

    fn keys(
        &self,
        store: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, KeyValueError> {
        let Some((contents, workload)) = self.contents(store)? else {
            return self.shelf.keys(store, after, limit);
        };
        let listed = self.runtime.block_on(contents.list(workload, "", after, limit));
        let (listed, _) = listed.map_err(failed)?;
        Ok(listed.into_iter().map(|one| one.name).collect())
    }

    fn increment(&self, store: &str, key: &str, by: i64) -> Result<i64, KeyValueError> {
        let Some((contents, workload)) = self.contents(store)? else {
            return self.shelf.increment(store, key, by);
        };
        let name = named(workload, key)?;
        for _ in 0..TRIES_MAX {
            let session = self.session.lock().clone();
            let reading = contents.read(&name, ReadLevel::Strict, session);
            let reading = self.runtime.block_on(reading).map_err(failed)?;
            let (former, precondition) = match &reading.blob {
                None => (0, Precondition::Absent),
                Some(blob) => {
                    let number = std::str::from_utf8(&blob.body()).ok().and_then(number);
                    let number = number
                        .ok_or_else(|| failed("the key holds something that is not an integer"))?;
                    (number, Precondition::Is(reading.version))
                }
            };
            let sum = former
                .checked_add(by)
                .ok_or_else(|| failed("the sum is beyond what a key can hold"))?;
            let change = set_to(contents, sum.to_string().as_bytes())?;
            match self.write(contents, &name, &change, precondition) {
                Ok(()) => return Ok(sum),
                Err(ContentError::Precondition(_) | ContentError::Conflict) => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Err(failed("too many change the key at the same time"))
    }

    fn of_call(&self, function: &str) -> Option<Arc<dyn KeyValue>> {
        let (stores, function) = (self.me.upgrade()?, function.to_string());
        let (inputs, operations) = (Mutex::default(), AtomicU64::new(0));
        Some(Arc::new(CallStores { stores, function, inputs, operations }))
    }
}

impl CallStores {
    /// The stores, for one more operation.
    fn ask(&self) -> &Stores {
        self.operations.fetch_add(1, Ordering::Relaxed);
        &self.stores
    }

    fn note(&self, store: &str, key: &str, bytes: usize) {
        let Some(workload) = store.strip_prefix(CONTENTS) else { return };
        if let Ok(name) = ContentName::new(workload, key) {
            if let Some(contents) = self.stores.contents.get() {
                contents.on_input(&self.function, &name, bytes as u64);
            }
            self.inputs.lock().insert(name, bytes as u64);
        }
    }
}

impl KeyValue for CallStores {
    fn get(&self, store: &str, key: &str) -> Result<Option<Vec<u8>>, KeyValueError> {
        Ok(self.get_dated(store, key)?.map(|dated| dated.value))
    }

    fn get_dated(&self, store: &str, key: &str) -> Result<Option<Dated>, KeyValueError> {
        let found = self.ask().get_dated(store, key)?;
        if let Some(dated) = &found {
            self.note(store, key, dated.value.len());
        }
        Ok(found)
    }

    fn set(&self, store: &str, key: &str, value: &[u8]) -> Result<(), KeyValueError> {
        self.ask().set(store, key, value)
    }

    fn delete(&self, store: &str, key: &str) -> Result<(), KeyValueError> {
        self.ask().delete(store, key)
    }

    fn keys(
        &self,
        store: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, KeyValueError> {
        self.ask().keys(store, after, limit)
    }

    fn increment(&self, store: &str, key: &str, by: i64) -> Result<i64, KeyValueError> {
        let sum = self.ask().increment(store, key, by)?;
        self.note(store, key, sum.to_string().len());
        Ok(sum)
    }
}

impl Drop for CallStores {
    fn drop(&mut self) {
        self.stores.operations.made(&self.function, *self.operations.get_mut());
        self.stores.history.ended(&self.function, std::mem::take(self.inputs.get_mut()));
    }
}

fn number(text: &str) -> Option<i64> {
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use swell_content::carrier::Nobody;
    use swell_content::circle::Circle;
    use swell_content::settings::ContentSettings;
    use swell_sandbox::key_value::NoKeyValue;

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_kept_in_contents_says_when_it_was_set() {
        let folder = tempfile::tempdir().expect("a folder");
        let (settings, circle) = (ContentSettings::in_folder(folder.path()), Circle::new("a", []));
        let opened = Contents::open(settings, circle.expect("a name"), Arc::new(Nobody)).await;
        let contents = Arc::new(opened.expect("it opens"));
        let stores = Stores::new(NoKeyValue::shared());
        stores.found(contents.clone());
        let before = wall_ms() / 1000;
        let asked = tokio::task::spawn_blocking(move || {
            stores.set("content:shop", "a", b"it").expect("it is set");
            let call = stores.of_call("map").expect("the stores are there");
            call.get_dated("content:shop", "a").expect("it is read")
        });
        let Dated { value, set_at } = asked.await.expect("it ends").expect("it is there");
        assert_eq!(value, b"it");
        let set_at = set_at.expect("it says so");
        assert!((before..=wall_ms() / 1000).contains(&set_at), "{before} {set_at}");
        contents.close().await;
    }
}
