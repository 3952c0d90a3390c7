//! What a producer's own region still holds of the items that it put in.

use std::sync::atomic::Ordering::Relaxed;

use crate::fault::Fault;
use crate::producer::Producer;
use crate::record::{HEAD, Head, Kind, record};
use crate::shared::Shared;

impl<S: Shared> Producer<S> {
    /// Copies of the items from sequence `first` on that were published, out of the producer's
    /// own region: whoever was to take them is gone, and they are to be put in elsewhere. Of a
    /// lane that is not lossy and never changed its region.
    pub fn published_from(&self, first: u64) -> Result<Vec<Vec<u8>>, Fault> {
        let mut items = Vec::new();
        let mut position = self.free.max(self.region.base);
        while position < self.published {
            let at = self.offset(position);
            let word = self.memory.load(at, Relaxed);
            let damaged = Fault::Length { position, length: word };
            let (size, length) = match Head::of(word) {
                Some(Head { kind: Kind::Item, length, .. }) => (record(length), Some(length)),
                Some(Head { kind: Kind::Pad, length, .. }) => (HEAD + length, None),
                _ => return Err(damaged),
            };
            // Where to begin is what the owner said, which may be the middle of an item.
            let room = self.region.capacity - (position - self.region.base) % self.region.capacity;
            if size > room.min(self.published - position) {
                return Err(damaged);
            }
            if let Some(length) = length
                && self.memory.load(at + 8, Relaxed) >= first
            {
                let mut item = vec![0; length as usize];
                self.memory.read(at + HEAD as usize, &mut item);
                items.push(item);
            }
            position += size;
        }
        Ok(items)
    }
}
