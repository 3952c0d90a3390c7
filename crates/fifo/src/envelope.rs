//! What stands before the payload of an item that functions hand on: when it was put in, how
//! many FIFOs led to it, and its media type.
//!
//! The head is 16 bytes and the media type, all in little endian: version, length of the
//! media type, hops (2 bytes), 4 bytes of zero, microseconds since 1970 (8 bytes). Who reads
//! it trusts none of it: a damaged one is no envelope, and nothing else happens.

/// The version of the layout.
const VERSION: u8 = 1;
/// Bytes before the media type.
const HEAD: usize = 16;
/// The longest media type.
pub const TYPE_MAX: usize = 255;
/// Bytes an envelope can add to a payload.
pub const ENVELOPE_MAX: u64 = (HEAD + TYPE_MAX) as u64;

/// The head of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// When it was put in, in microseconds since 1970.
    pub put_us: u64,
    /// How many FIFOs it and what it was made of went through before.
    pub hops: u16,
    /// The media type of the payload; empty if nobody said.
    pub media_type: &'a str,
}

impl<'a> Envelope<'a> {
    /// The item with this payload. A media type that is too long is left out.
    pub fn wrap(&self, payload: &[u8]) -> Vec<u8> {
        let media_type = if self.media_type.len() > TYPE_MAX { "" } else { self.media_type };
        let mut item = Vec::with_capacity(HEAD + media_type.len() + payload.len());
        item.push(VERSION);
        item.push(media_type.len() as u8);
        item.extend(self.hops.to_le_bytes());
        item.extend([0; 4]);
        item.extend(self.put_us.to_le_bytes());
        item.extend(media_type.as_bytes());
        item.extend(payload);
        item
    }

    /// Takes an item apart; nothing if it is none.
    pub fn open(item: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (head, rest) = item.split_at_checked(HEAD)?;
        if head[0] != VERSION || head[4..8] != [0; 4] {
            return None;
        }
        let (media_type, payload) = rest.split_at_checked(usize::from(head[1]))?;
        let media_type = str::from_utf8(media_type).ok()?;
        let hops = u16::from_le_bytes([head[2], head[3]]);
        let put_us = u64::from_le_bytes(head[8..HEAD].try_into().expect("it has 8 bytes"));
        Some((Self { put_us, hops, media_type }, payload))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_wrapped_is_opened(
            put_us: u64, hops: u16, media_type in "[a-z/+ü]{0,300}", payload: Vec<u8>,
        ) {
            let envelope = Envelope { put_us, hops, media_type: &media_type };
            let item = envelope.wrap(&payload);
            prop_assert!(item.len() as u64 <= ENVELOPE_MAX + payload.len() as u64);
            let (opened, rest) = Envelope::open(&item).expect("it is an item");
            let kept = if media_type.len() > TYPE_MAX { "" } else { &*media_type };
            prop_assert_eq!((opened.put_us, opened.hops, opened.media_type), (put_us, hops, kept));
            prop_assert_eq!(rest, &payload[..]);
        }

        #[test]
        fn any_bytes_are_an_item_or_none(bytes: Vec<u8>) {
            if let Some((envelope, payload)) = Envelope::open(&bytes) {
                prop_assert_eq!(envelope.wrap(payload), bytes);
            }
        }
    }
}
