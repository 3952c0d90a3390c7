//! What was fetched before anybody asked: bytes beside the copies, in a room of their own, until
//! somebody reads them.

use std::collections::BTreeMap;

use bytes::Bytes;

use swell_core::cachegroup::names::{ContentId, Version};
use swell_core::cachegroup::prefetch::prefetcher::{Arrived, Prefetcher};
use swell_core::ids::RequestId;
use swell_core::time::Instant;
use swell_core::units::Bytes as Size;

/// What is fetched ahead, and what lies here of it.
pub(crate) struct Ahead {
    pub(crate) prefetcher: Prefetcher,
    bytes: BTreeMap<(ContentId, Version), Bytes>,
    fetching: BTreeMap<RequestId, ContentId>,
}

/// What is to be done with bytes that came.
pub(crate) enum Kept {
    /// They lie in the room; these versions went from it.
    InRoom(Vec<(ContentId, Version)>),
    /// They are a copy like any other.
    AsCopy(Bytes),
    /// They go.
    Nowhere,
}

impl Ahead {
    pub(crate) fn new(prefetcher: Prefetcher) -> Self {
        Self { prefetcher, bytes: BTreeMap::new(), fetching: BTreeMap::new() }
    }

    /// A read that fetches ahead begins.
    pub(crate) fn begin(&mut self, request: RequestId, content: ContentId) {
        self.fetching.insert(request, content);
    }

    /// Whether a read fetches ahead.
    pub(crate) fn is_fetch(&self, request: RequestId) -> bool {
        self.fetching.contains_key(&request)
    }

    /// A read has ended; whether it was one that fetches ahead.
    pub(crate) fn end(&mut self, request: RequestId) -> bool {
        let Some(content) = self.fetching.remove(&request) else { return false };
        self.prefetcher.on_ended(content);
        true
    }

    /// Bytes that were fetched ahead came.
    pub(crate) fn take_in(
        &mut self,
        now: Instant,
        content: ContentId,
        version: Version,
        bytes: Bytes,
    ) -> Kept {
        let size = Size::new(bytes.len() as u64);
        match self.prefetcher.on_arrived(now, content, version, size) {
            Arrived::Wanted => Kept::AsCopy(bytes),
            Arrived::Refused => Kept::Nowhere,
            Arrived::InRoom(gone) => {
                for key in &gone {
                    self.bytes.remove(key);
                }
                self.bytes.insert((content, version), bytes);
                Kept::InRoom(gone)
            }
        }
    }

    /// The bytes of a version that a caller reads: they leave the room.
    pub(crate) fn take_out(&mut self, content: ContentId, version: Version) -> Option<Bytes> {
        let bytes = self.bytes.remove(&(content, version))?;
        self.prefetcher.on_used(content, version);
        Some(bytes)
    }

    /// The bytes of a version that another member asks for: they stay.
    pub(crate) fn look(&self, content: ContentId, version: Version) -> Option<&Bytes> {
        self.bytes.get(&(content, version))
    }

    /// A version is of no use any more.
    pub(crate) fn drop(&mut self, content: ContentId, version: Version) {
        if self.bytes.remove(&(content, version)).is_some() {
            self.prefetcher.on_dropped(content, version);
        }
    }
}
