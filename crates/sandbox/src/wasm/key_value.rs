//! What guests keep by key: `wasi:keyvalue`, over whichever store the function was given.
//!
//! The engine's own crate for this keeps everything in one map of its own and lets nothing
//! else be put there, so the interfaces are bound here. A store may wait for a disk: each
//! call is made where waiting hurts nobody, and the guest waits for it as for a socket.

use std::sync::Arc;

use wasmtime::component::{HasData, Linker, Resource, ResourceTable, ResourceTableError};

use crate::key_value::{KeyValue, KeyValueError, granted};
use crate::wasm::guest::Guest;

/// What the generator makes of the interfaces.
#[allow(missing_docs, unreachable_pub, unsafe_code, reason = "written by the engine's generator")]
mod generated {
    wasmtime::component::bindgen!({
        path: "wit/key_value.wit",
        world: "keeper",
        imports: { default: async | trappable },
        with: { "wasi:keyvalue/store.bucket": super::Bucket },
        trappable_error_type: { "wasi:keyvalue/store.error" => super::Failure },
    });
}

use self::generated::wasi::keyvalue::store::{Error, KeyResponse};
use self::generated::wasi::keyvalue::{atomics, batch, store};

/// Keys in one answer to a guest that lists them.
const PAGE: usize = 1000;

/// A store that a guest has opened.
pub struct Bucket {
    store: String,
    /// Where the last page of keys ended: how many keys came before, and the last of them.
    page: Option<(u64, String)>,
}

/// Why a guest did not get what it asked for.
pub enum Failure {
    /// There is none of that name.
    NoSuchStore,
    /// The function may not open it.
    AccessDenied,
    /// Something else.
    Other(String),
}

impl From<KeyValueError> for Failure {
    fn from(error: KeyValueError) -> Self {
        match error {
            KeyValueError::NoSuchStore => Self::NoSuchStore,
            KeyValueError::Other(why) => Self::Other(why),
        }
    }
}

impl From<ResourceTableError> for Failure {
    fn from(error: ResourceTableError) -> Self {
        Self::Other(error.to_string())
    }
}

/// One guest's view of its stores.
pub(crate) struct Keeper<'a> {
    table: &'a mut ResourceTable,
    grants: &'a [String],
    store: &'a Arc<dyn KeyValue>,
}

fn keeper(guest: &mut Guest) -> Keeper<'_> {
    Keeper { table: &mut guest.table, grants: &guest.given.key_value, store: &guest.store }
}

impl Keeper<'_> {
    /// Does something with a store, where it may take its time.
    async fn with<T: Send + 'static>(
        &mut self,
        bucket: &Resource<Bucket>,
        job: impl FnOnce(&dyn KeyValue, &str) -> Result<T, KeyValueError> + Send + 'static,
    ) -> Result<T, Failure> {
        let name = self.table.get(bucket)?.store.clone();
        let keeper = self.store.clone();
        let done = tokio::task::spawn_blocking(move || job(&*keeper, &name)).await;
        Ok(done.map_err(|error| Failure::Other(error.to_string()))??)
    }
}

/// Adds the interfaces to what components may import.
pub(crate) fn add_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    store::add_to_linker::<_, HasKeeper>(linker, keeper)?;
    atomics::add_to_linker::<_, HasKeeper>(linker, keeper)?;
    batch::add_to_linker::<_, HasKeeper>(linker, keeper)
}

struct HasKeeper;

impl HasData for HasKeeper {
    type Data<'a> = Keeper<'a>;
}

impl store::Host for Keeper<'_> {
    async fn open(&mut self, identifier: String) -> Result<Resource<Bucket>, Failure> {
        let store = granted(self.grants, &identifier).ok_or(Failure::AccessDenied)?;
        Ok(self.table.push(Bucket { store, page: None })?)
    }

    fn convert_error(&mut self, failure: Failure) -> wasmtime::Result<Error> {
        Ok(match failure {
            Failure::NoSuchStore => Error::NoSuchStore,
            Failure::AccessDenied => Error::AccessDenied,
            Failure::Other(why) => Error::Other(why),
        })
    }
}

impl store::HostBucket for Keeper<'_> {
    async fn get(
        &mut self,
        bucket: Resource<Bucket>,
        key: String,
    ) -> Result<Option<Vec<u8>>, Failure> {
        self.with(&bucket, move |keeper, store| keeper.get(store, &key)).await
    }

    async fn set(
        &mut self,
        bucket: Resource<Bucket>,
        key: String,
        value: Vec<u8>,
    ) -> Result<(), Failure> {
        self.with(&bucket, move |keeper, store| keeper.set(store, &key, &value)).await
    }

    async fn delete(&mut self, bucket: Resource<Bucket>, key: String) -> Result<(), Failure> {
        self.with(&bucket, move |keeper, store| keeper.delete(store, &key)).await
    }

    async fn exists(&mut self, bucket: Resource<Bucket>, key: String) -> Result<bool, Failure> {
        self.with(&bucket, move |keeper, store| Ok(keeper.get(store, &key)?.is_some())).await
    }

    async fn list_keys(
        &mut self,
        bucket: Resource<Bucket>,
        cursor: Option<u64>,
    ) -> Result<KeyResponse, Failure> {
        let skip = cursor.unwrap_or(0);
        let known = self.table.get(&bucket)?.page.clone();
        let known = known.filter(|(count, _)| *count == skip);
        let keys = self.with(&bucket, move |keeper, store| page(keeper, store, skip, known));
        let keys = keys.await?;
        let end = skip + keys.len() as u64;
        let whole = keys.len() < PAGE;
        self.table.get_mut(&bucket)?.page = keys.last().map(|last| (end, last.clone()));
        Ok(KeyResponse { keys, cursor: (!whole).then_some(end) })
    }

    async fn drop(&mut self, bucket: Resource<Bucket>) -> wasmtime::Result<()> {
        self.table.delete(bucket)?;
        Ok(())
    }
}

/// The keys after the first `skip`. A guest that goes on where it left off is led there by
/// the key it saw last; one that jumps has the way walked for it.
fn page(
    keeper: &dyn KeyValue,
    store: &str,
    skip: u64,
    known: Option<(u64, String)>,
) -> Result<Vec<String>, KeyValueError> {
    let (mut passed, mut after) = match known {
        Some((count, key)) => (count, Some(key)),
        None => (0, None),
    };
    while passed < skip {
        let step = PAGE.min(usize::try_from(skip - passed).unwrap_or(PAGE));
        let keys = keeper.keys(store, after.as_deref(), step)?;
        passed += keys.len() as u64;
        let Some(last) = keys.into_iter().next_back() else { return Ok(Vec::new()) };
        after = Some(last);
    }
    keeper.keys(store, after.as_deref(), PAGE)
}

impl atomics::Host for Keeper<'_> {
    async fn increment(
        &mut self,
        bucket: Resource<Bucket>,
        key: String,
        delta: u64,
    ) -> Result<u64, Failure> {
        let by = i64::try_from(delta)
            .map_err(|_| Failure::Other(format!("a step of {delta} is too large")))?;
        let sum = self.with(&bucket, move |keeper, store| keeper.increment(store, &key, by));
        u64::try_from(sum.await?).map_err(|_| Failure::Other("the value is below 0".to_string()))
    }
}

impl batch::Host for Keeper<'_> {
    async fn get_many(
        &mut self,
        bucket: Resource<Bucket>,
        keys: Vec<String>,
    ) -> Result<Vec<Option<(String, Vec<u8>)>>, Failure> {
        let get = move |keeper: &dyn KeyValue, store: &str| {
            let pair = |key: String| Ok(keeper.get(store, &key)?.map(|value| (key, value)));
            keys.into_iter().map(pair).collect()
        };
        self.with(&bucket, get).await
    }

    async fn set_many(
        &mut self,
        bucket: Resource<Bucket>,
        pairs: Vec<(String, Vec<u8>)>,
    ) -> Result<(), Failure> {
        let set = move |keeper: &dyn KeyValue, store: &str| {
            pairs.iter().try_for_each(|(key, value)| keeper.set(store, key, value))
        };
        self.with(&bucket, set).await
    }

    async fn delete_many(
        &mut self,
        bucket: Resource<Bucket>,
        keys: Vec<String>,
    ) -> Result<(), Failure> {
        let delete = move |keeper: &dyn KeyValue, store: &str| {
            keys.iter().try_for_each(|key| keeper.delete(store, key))
        };
        self.with(&bucket, delete).await
    }
}
