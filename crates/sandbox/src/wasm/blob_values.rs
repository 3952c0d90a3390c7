//! Containers, blobs on their way to and from a guest, and what they weigh until it is done with them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::p2::{InputStream, Pollable, StreamError};

/// A container that a guest has opened.
pub struct Container {
    pub(crate) name: String,
    pub(crate) store: String,
}

/// A walk through the names of a container's objects.
pub struct Names {
    pub(crate) store: String,
    pub(crate) after: Option<String>,
}

/// An object that a guest writes: nothing is there before it is finished.
#[derive(Default)]
pub struct OutgoingValue {
    /// What it wrote, and the room kept for it.
    pub(crate) pipe: Option<(MemoryOutputPipe, Weighed)>,
    /// Where it goes.
    pub(crate) target: Option<Target>,
}

/// Where an object goes.
pub(crate) struct Target {
    pub(crate) store: String,
    pub(crate) name: String,
}

/// An object that a guest has opened.
pub struct IncomingValue(pub(crate) Weighed);

/// Bytes, or room for some, that count as open until this is dropped.
pub(crate) struct Weighed {
    bytes: Bytes,
    weight: u64,
    open: Arc<AtomicU64>,
}

impl Weighed {
    /// Bytes that are open from now on, if no more than `most` are then.
    pub(crate) fn new(bytes: Bytes, open: &Arc<AtomicU64>, most: u64) -> Option<Self> {
        let mut weighed = Self::room(bytes.len() as u64, open, most)?;
        weighed.bytes = bytes;
        Some(weighed)
    }

    /// Room for bytes to come.
    pub(crate) fn room(weight: u64, open: &Arc<AtomicU64>, most: u64) -> Option<Self> {
        let taken = open.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| {
            taken.checked_add(weight).filter(|&sum| sum <= most)
        });
        taken.ok().map(|_| Self { bytes: Bytes::new(), weight, open: open.clone() })
    }

    /// The bytes.
    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

impl Drop for Weighed {
    fn drop(&mut self) {
        self.open.fetch_sub(self.weight, Ordering::Relaxed);
    }
}

impl IncomingValue {
    /// The object as a stream.
    pub(crate) fn into_stream(self) -> ValueStream {
        ValueStream(self.0)
    }
}

/// An object as a stream: all of it is there.
pub(crate) struct ValueStream(Weighed);

#[wasmtime_wasi::async_trait]
impl Pollable for ValueStream {
    async fn ready(&mut self) {}
}

impl InputStream for ValueStream {
    fn read(&mut self, size: usize) -> Result<Bytes, StreamError> {
        let rest = &mut self.0.bytes;
        if rest.is_empty() {
            return Err(StreamError::Closed);
        }
        let size = size.min(rest.len());
        Ok(rest.split_to(size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_is_bounded_and_given_back() {
        let open = Arc::default();
        let first = Weighed::new(Bytes::from_static(b"12345"), &open, 8).expect("there is room");
        assert!(Weighed::room(4, &open, 8).is_none());
        let second = Weighed::room(3, &open, 8).expect("there is room");
        drop(first);
        assert!(Weighed::room(6, &open, 8).is_none());
        drop(second);
        assert_eq!(open.load(Ordering::Relaxed), 0);
    }
}
