//! Items as a consumer gets them: as copies, or where they lie.

use std::sync::Arc;

use swell_fifo::envelope::{ENVELOPE_MAX, Envelope};
use swell_fifo::mapping::Mapping;
use swell_fifo::owner::Item;

/// An item that was taken out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The function or process it comes from.
    pub from: Arc<str>,
    /// Its number among the items that come from there.
    pub sequence: u64,
    /// The media type of its payload; empty if nobody said.
    pub media_type: String,
    /// When it was put in, in microseconds since 1970; 0 if nobody said.
    pub put_us: u64,
    /// Its payload.
    pub payload: Vec<u8>,
}

impl Received {
    /// Its name, the same whenever it is given out again: `from/sequence`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.from, self.sequence)
    }
}

/// An item where it lies, in memory that the node writes.
pub struct Peeked<'a> {
    item: Item<'a, Mapping>,
    from: &'a Arc<str>,
    /// Where its payload begins.
    at: usize,
    media_type: String,
    put_us: u64,
}

impl<'a> Peeked<'a> {
    /// Looks at the head of an item that comes from there.
    pub(crate) fn new(item: Item<'a, Mapping>, from: &'a Arc<str>) -> Self {
        let mut head = vec![0; item.length().min(ENVELOPE_MAX as usize)];
        item.read(0, &mut head);
        let (at, media_type, put_us) = match Envelope::open(&head) {
            Some((envelope, rest)) => {
                (head.len() - rest.len(), envelope.media_type.to_string(), envelope.put_us)
            }
            None => (0, String::new(), 0),
        };
        Self { item, from, at, media_type, put_us }
    }

    /// The function or process it comes from.
    pub fn from(&self) -> &Arc<str> {
        self.from
    }

    /// Its number among the items that come from there.
    pub fn sequence(&self) -> u64 {
        self.item.sequence()
    }

    /// The media type of its payload; empty if nobody said.
    pub fn media_type(&self) -> &str {
        &self.media_type
    }

    /// When it was put in, in microseconds since 1970; 0 if nobody said.
    pub fn put_us(&self) -> u64 {
        self.put_us
    }

    /// Bytes of its payload.
    pub fn length(&self) -> usize {
        self.item.length() - self.at
    }

    /// Where its payload lies. It stays there until [`done`](Consumer::done); in a flow with
    /// `full = "drop-oldest"` it may be overwritten any time, see
    /// [`is_intact`](Self::is_intact).
    pub fn as_ptr(&self) -> *const u8 {
        self.item.as_ptr().wrapping_add(self.at)
    }

    /// Whether it was not overwritten until now.
    pub fn is_intact(&self) -> bool {
        self.item.is_intact()
    }

    /// Copies it; nothing if it was overwritten meanwhile.
    pub fn receive(&self) -> Option<Received> {
        let mut payload = Vec::new();
        if !self.item.copy_to(&mut payload) {
            return None;
        }
        payload.drain(..self.at);
        Some(Received {
            from: self.from.clone(),
            sequence: self.item.sequence(),
            media_type: self.media_type.clone(),
            put_us: self.put_us,
            payload,
        })
    }
}
