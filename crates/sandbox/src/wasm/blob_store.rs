//! What guests keep as blobs: `wasi:blobstore`, over the stores that `wasi:keyvalue` opens. A
//! container is such a store and an object one of its keys, so both interfaces see the same.
//!
//! An object is replaced as a whole when its writer finishes, and is read as a whole when it is
//! opened. What a guest has open of either at a time is bounded by the memory it may have.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use wasmtime::component::{HasData, Linker, Resource, ResourceTable};
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream};

use crate::key_value::{Dated, KeyValue, KeyValueError};
use crate::wasm::blob_values::{Container, IncomingValue, Names, OutgoingValue, Target, Weighed};
use crate::wasm::guest::Guest;

/// What the generator makes of the interfaces.
#[allow(missing_docs, unreachable_pub, unsafe_code, reason = "written by the engine's generator")]
mod generated {
    wasmtime::component::bindgen!({
        path: "wit/blob_store.wit",
        world: "blobs",
        imports: { default: async | trappable },
        with: {
            "wasi:io": wasmtime_wasi::p2::bindings::io,
            "wasi:blobstore/types.outgoing-value": crate::wasm::blob_values::OutgoingValue,
            "wasi:blobstore/types.incoming-value": crate::wasm::blob_values::IncomingValue,
            "wasi:blobstore/container.container": crate::wasm::blob_values::Container,
            "wasi:blobstore/container.stream-object-names": crate::wasm::blob_values::Names,
        },
    });
}

use self::generated::wasi::blobstore::types::{ContainerMetadata, ObjectId, ObjectMetadata};
use self::generated::wasi::blobstore::{blobstore, container, types};

/// Keys asked of a store at a time.
const PAGE: usize = 1000;
/// When it was made is not kept: of a container, which is there as soon as a function may open it, and
/// of an object on a node's own shelf. The interface has no other word for that.
const UNKNOWN: u64 = 0;
/// Bytes that a guest may have open, whose own memory is less.
const OPEN_BYTES: u64 = 64 << 20;
/// What one object that is being written may take of that.
const WRITTEN_PART: u64 = 4;

/// One guest's view of its containers.
pub(crate) struct Blobs<'a> {
    table: &'a mut ResourceTable,
    grants: &'a [String],
    store: &'a Arc<dyn KeyValue>,
    open: &'a Arc<AtomicU64>,
    open_max: u64,
}

fn blobs(guest: &mut Guest) -> Blobs<'_> {
    Blobs {
        table: &mut guest.table,
        grants: &guest.given.key_value,
        store: &guest.store,
        open: &guest.blob_bytes,
        open_max: guest.given.memory.max(OPEN_BYTES),
    }
}

/// What a guest is answered, within what the engine asks.
type Answer<T> = wasmtime::Result<Result<T, String>>;

impl Blobs<'_> {
    /// The store behind the name of a container, if the function may open it.
    fn granted(&self, name: &str) -> Result<String, String> {
        let store = crate::key_value::granted(self.grants, name);
        store.ok_or_else(|| format!("no container `{name}`, or no access to it"))
    }

    /// Does something with a store, where it may take its time.
    async fn with<T: Send + 'static>(
        &mut self,
        job: impl FnOnce(&dyn KeyValue) -> Result<T, KeyValueError> + Send + 'static,
    ) -> Result<T, String> {
        let keeper = self.store.clone();
        let done = tokio::task::spawn_blocking(move || job(&*keeper)).await;
        done.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
    }

    async fn get(&mut self, store: String, name: String) -> Result<Vec<u8>, String> {
        let asked = name.clone();
        let found = self.with(move |keeper| keeper.get(&store, &asked)).await?;
        found.ok_or_else(|| format!("no object `{name}`"))
    }

    /// The bytes of an object, as long as there is room for them beside what is open.
    fn weigh(&self, bytes: Bytes) -> Result<Weighed, String> {
        Weighed::new(bytes, self.open, self.open_max)
            .ok_or_else(|| "too much is open; end with other objects first".to_string())
    }

    async fn copy(&mut self, from: &ObjectId, to: &ObjectId) -> Result<(), String> {
        let (source, target) = (self.granted(&from.container)?, self.granted(&to.container)?);
        let bytes = self.get(source, from.object.clone()).await?;
        let name = to.object.clone();
        self.with(move |keeper| keeper.set(&target, &name, &bytes)).await
    }
}

/// Adds the interfaces to what components may import.
pub(crate) fn add_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    types::add_to_linker::<_, HasBlobs>(linker, blobs)?;
    container::add_to_linker::<_, HasBlobs>(linker, blobs)?;
    blobstore::add_to_linker::<_, HasBlobs>(linker, blobs)
}

struct HasBlobs;

impl HasData for HasBlobs {
    type Data<'a> = Blobs<'a>;
}

impl types::Host for Blobs<'_> {}

impl types::HostOutgoingValue for Blobs<'_> {
    async fn new_outgoing_value(&mut self) -> wasmtime::Result<Resource<OutgoingValue>> {
        Ok(self.table.push(OutgoingValue::default())?)
    }

    async fn outgoing_value_write_body(
        &mut self,
        value: Resource<OutgoingValue>,
    ) -> wasmtime::Result<Result<Resource<DynOutputStream>, ()>> {
        let left = self.open_max.saturating_sub(self.open.load(Ordering::Relaxed));
        let room = left.min(self.open_max / WRITTEN_PART);
        let value = self.table.get_mut(&value)?;
        if value.pipe.is_some() {
            return Ok(Err(()));
        }
        let Some(weighed) = Weighed::room(room, self.open, self.open_max) else {
            return Ok(Err(()));
        };
        let pipe = MemoryOutputPipe::new(usize::try_from(room).unwrap_or(usize::MAX));
        value.pipe = Some((pipe.clone(), weighed));
        let stream: DynOutputStream = Box::new(pipe);
        Ok(Ok(self.table.push(stream)?))
    }

    async fn finish(&mut self, this: Resource<OutgoingValue>) -> Answer<()> {
        let OutgoingValue { pipe, target } = self.table.delete(this)?;
        let Some(Target { store, name }) = target else {
            return Ok(Err("it was given to no container".to_string()));
        };
        let bytes = pipe.as_ref().map(|(pipe, _)| pipe.contents()).unwrap_or_default();
        Ok(self.with(move |keeper| keeper.set(&store, &name, &bytes)).await)
    }

    async fn drop(&mut self, value: Resource<OutgoingValue>) -> wasmtime::Result<()> {
        self.table.delete(value)?;
        Ok(())
    }
}

impl types::HostIncomingValue for Blobs<'_> {
    async fn incoming_value_consume_sync(
        &mut self,
        this: Resource<IncomingValue>,
    ) -> Answer<Vec<u8>> {
        Ok(Ok(self.table.delete(this)?.0.bytes().to_vec()))
    }

    async fn incoming_value_consume_async(
        &mut self,
        this: Resource<IncomingValue>,
    ) -> Answer<Resource<DynInputStream>> {
        let stream: DynInputStream = Box::new(self.table.delete(this)?.into_stream());
        Ok(Ok(self.table.push(stream)?))
    }

    async fn size(&mut self, value: Resource<IncomingValue>) -> wasmtime::Result<u64> {
        Ok(self.table.get(&value)?.0.bytes().len() as u64)
    }

    async fn drop(&mut self, value: Resource<IncomingValue>) -> wasmtime::Result<()> {
        self.table.delete(value)?;
        Ok(())
    }
}

impl container::Host for Blobs<'_> {}

impl container::HostContainer for Blobs<'_> {
    async fn name(&mut self, own: Resource<Container>) -> Answer<String> {
        Ok(Ok(self.table.get(&own)?.name.clone()))
    }

    async fn info(&mut self, own: Resource<Container>) -> Answer<ContainerMetadata> {
        let name = self.table.get(&own)?.name.clone();
        Ok(Ok(ContainerMetadata { name, created_at: UNKNOWN }))
    }

    /// Bytes `start` to `end`, both among them; an `end` beyond the last is the last.
    async fn get_data(
        &mut self,
        own: Resource<Container>,
        name: String,
        start: u64,
        end: u64,
    ) -> Answer<Resource<IncomingValue>> {
        let store = self.table.get(&own)?.store.clone();
        let bytes = match self.get(store, name).await {
            Ok(bytes) => Bytes::from(bytes),
            Err(why) => return Ok(Err(why)),
        };
        let length = bytes.len() as u64;
        if start > end || (start >= length && length > 0) {
            return Ok(Err(format!("the object has {length} bytes, and no {start} to {end}")));
        }
        let end = end.saturating_add(1).min(length);
        let weighed = self.weigh(bytes.slice(start.min(end) as usize..end as usize));
        match weighed {
            Ok(weighed) => Ok(Ok(self.table.push(IncomingValue(weighed))?)),
            Err(why) => Ok(Err(why)),
        }
    }

    /// The object is there once the value is finished.
    async fn write_data(
        &mut self,
        own: Resource<Container>,
        name: String,
        data: Resource<OutgoingValue>,
    ) -> Answer<()> {
        let store = self.table.get(&own)?.store.clone();
        let value = self.table.get_mut(&data)?;
        if value.target.replace(Target { store, name }).is_some() {
            return Ok(Err("it was given to a container before".to_string()));
        }
        Ok(Ok(()))
    }

    async fn list_objects(&mut self, own: Resource<Container>) -> Answer<Resource<Names>> {
        let store = self.table.get(&own)?.store.clone();
        Ok(Ok(self.table.push(Names { store, after: None })?))
    }

    async fn delete_object(&mut self, own: Resource<Container>, name: String) -> Answer<()> {
        self.delete_objects(own, vec![name]).await
    }

    async fn delete_objects(&mut self, own: Resource<Container>, names: Vec<String>) -> Answer<()> {
        let store = self.table.get(&own)?.store.clone();
        let delete = move |keeper: &dyn KeyValue| {
            names.iter().try_for_each(|name| keeper.delete(&store, name))
        };
        Ok(self.with(delete).await)
    }

    async fn has_object(&mut self, own: Resource<Container>, name: String) -> Answer<bool> {
        let store = self.table.get(&own)?.store.clone();
        Ok(self.with(move |keeper| Ok(keeper.get(&store, &name)?.is_some())).await)
    }

    async fn object_info(
        &mut self,
        own: Resource<Container>,
        name: String,
    ) -> Answer<ObjectMetadata> {
        let Container { name: container, store } = self.table.get(&own)?;
        let (container, store) = (container.clone(), store.clone());
        let asked = name.clone();
        let found = self.with(move |keeper| keeper.get_dated(&store, &asked)).await;
        let found = found.and_then(|found| found.ok_or_else(|| format!("no object `{name}`")));
        Ok(found.map(|Dated { value, set_at }| ObjectMetadata {
            name,
            container,
            created_at: set_at.unwrap_or(UNKNOWN),
            size: value.len() as u64,
        }))
    }

    async fn clear(&mut self, own: Resource<Container>) -> Answer<()> {
        let store = self.table.get(&own)?.store.clone();
        let clear = move |keeper: &dyn KeyValue| {
            let mut after: Option<String> = None;
            loop {
                let names = keeper.keys(&store, after.as_deref(), PAGE)?;
                names.iter().try_for_each(|name| keeper.delete(&store, name))?;
                match names.into_iter().next_back() {
                    Some(last) => after = Some(last),
                    None => return Ok(()),
                }
            }
        };
        Ok(self.with(clear).await)
    }

    async fn drop(&mut self, own: Resource<Container>) -> wasmtime::Result<()> {
        self.table.delete(own)?;
        Ok(())
    }
}

impl container::HostStreamObjectNames for Blobs<'_> {
    async fn read_stream_object_names(
        &mut self,
        own: Resource<Names>,
        len: u64,
    ) -> Answer<(Vec<String>, bool)> {
        let Names { store, after } = self.table.get(&own)?;
        let (store, after) = (store.clone(), after.clone());
        let limit = PAGE.min(usize::try_from(len).unwrap_or(PAGE));
        let names = self.with(move |keeper| keeper.keys(&store, after.as_deref(), limit)).await;
        let names = match names {
            Ok(names) => names,
            Err(why) => return Ok(Err(why)),
        };
        if let Some(last) = names.last() {
            self.table.get_mut(&own)?.after = Some(last.clone());
        }
        let is_end = names.len() < limit;
        Ok(Ok((names, is_end)))
    }

    async fn skip_stream_object_names(
        &mut self,
        own: Resource<Names>,
        num: u64,
    ) -> Answer<(u64, bool)> {
        let mut skipped = 0;
        while skipped < num {
            let again = Resource::new_borrow(own.rep());
            match self.read_stream_object_names(again, num - skipped).await? {
                Ok((names, is_end)) => {
                    skipped += names.len() as u64;
                    if is_end {
                        return Ok(Ok((skipped, true)));
                    }
                }
                Err(why) => return Ok(Err(why)),
            }
        }
        Ok(Ok((skipped, false)))
    }

    async fn drop(&mut self, own: Resource<Names>) -> wasmtime::Result<()> {
        self.table.delete(own)?;
        Ok(())
    }
}

impl blobstore::Host for Blobs<'_> {
    async fn create_container(&mut self, name: String) -> Answer<Resource<Container>> {
        // Containers are those that the function's specification names, and always there.
        self.get_container(name).await
    }

    async fn get_container(&mut self, name: String) -> Answer<Resource<Container>> {
        match self.granted(&name) {
            Ok(store) => Ok(Ok(self.table.push(Container { name, store })?)),
            Err(why) => Ok(Err(why)),
        }
    }

    async fn delete_container(&mut self, name: String) -> Answer<()> {
        Ok(Err(format!(
            "the container `{name}` belongs to the function's specification; `clear` empties it"
        )))
    }

    async fn container_exists(&mut self, name: String) -> Answer<bool> {
        Ok(Ok(self.granted(&name).is_ok()))
    }

    async fn copy_object(&mut self, src: ObjectId, dest: ObjectId) -> Answer<()> {
        Ok(self.copy(&src, &dest).await)
    }

    async fn move_object(&mut self, src: ObjectId, dest: ObjectId) -> Answer<()> {
        if (&src.container, &src.object) == (&dest.container, &dest.object) {
            return Ok(Ok(()));
        }
        if let Err(why) = self.copy(&src, &dest).await {
            return Ok(Err(why));
        }
        let store = match self.granted(&src.container) {
            Ok(store) => store,
            Err(why) => return Ok(Err(why)),
        };
        Ok(self.with(move |keeper| keeper.delete(&store, &src.object)).await)
    }
}
