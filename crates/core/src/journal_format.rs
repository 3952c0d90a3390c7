//! How does a journal lie in a file?
//!
//! It begins with a preamble: [`MAGIC`] and the version of the format, two bytes. Then
//! come blocks: a head (kind, length and checksum of the payload; 13 bytes) and the
//! payload. The first block is a [`Header`], then come blocks of whole records one after
//! the other, in the encoding of `journal`, and among them blocks of whole entries about flows, in
//! that of `flow::entry`; last comes a [`Summary`] of the records. A file that does not end with it
//! was cut. Integers of preamble and heads are little-endian, the rest is
//! `postcard`. The checksum of a block knows its kind and its place, so that blocks that
//! were hurt, swapped or repeated are noticed before they are believed.
//!
//! All of it is functions between values and bytes. Opening files, packing them and
//! asking them for more is left to the hands.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::settings::SiteSettings;

/// How every journal begins: a byte that no text has, a name, and an end of line that is
/// damaged where bytes are taken for text.
pub const MAGIC: [u8; 8] = *b"\x89SWELL\r\n";

/// The format that is written, and the newest that is read. A change that an older
/// program would misread adds one. The second knows of histories that are recalled,
/// the third of forecasts and clones, the fourth of forecasts in fewer bytes, the fifth of flows,
/// the sixth of lanes that keep their size, the seventh of flows that come from other nodes and of
/// calls that had no answer, the eighth of functions that tell of their health; a journal of an earlier one is one of the latest without
/// any.
pub const VERSION: u16 = 8;

/// Length of the preamble.
pub const PREAMBLE_BYTES: usize = MAGIC.len() + 2;

/// Length of the head of a block.
pub const HEAD_BYTES: usize = 1 + 4 + 8;

/// Payload from which on a block of records is written.
pub const BLOCK_BYTES: usize = 64 << 10;

/// The longest payload. One record fits into a block, so this also bounds what can be
/// recorded of one event: more than a million orders.
pub const BLOCK_BYTES_MAX: usize = 16 << 20;

/// What a reader of a journal needs to know before its records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The program that wrote it, with its version; another one may decide otherwise.
    pub program: String,
    /// The settings of the site.
    pub settings: SiteSettings,
}

/// What a whole journal ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Events recorded.
    pub events: u64,
    /// Actions recorded.
    pub actions: u64,
    /// The value of `journal::Digest` over all of them.
    pub digest: u64,
}

/// What a block holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The [`Header`].
    Header,
    /// Records.
    Records,
    /// Entries about flows.
    Flows,
    /// The [`Summary`].
    Summary,
}

const KINDS: [(Kind, u8); 4] =
    [(Kind::Header, b'H'), (Kind::Records, b'R'), (Kind::Flows, b'F'), (Kind::Summary, b'S')];

/// Why bytes are not those of a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormatError {
    /// It never was one.
    Foreign,
    /// It is one of a format that this program does not know yet.
    Newer {
        /// The version of the format.
        version: u16,
    },
    /// It was one, and is damaged.
    Broken,
}

/// The preamble.
pub fn preamble() -> [u8; PREAMBLE_BYTES] {
    let mut bytes = [0; PREAMBLE_BYTES];
    bytes[..MAGIC.len()].copy_from_slice(&MAGIC);
    bytes[MAGIC.len()..].copy_from_slice(&VERSION.to_le_bytes());
    bytes
}

/// Whether what follows this preamble can be read.
pub fn check_preamble(bytes: [u8; PREAMBLE_BYTES]) -> Result<(), FormatError> {
    let Some(version) = bytes.strip_prefix(&MAGIC) else {
        return Err(FormatError::Foreign);
    };
    match u16::from_le_bytes([version[0], version[1]]) {
        0 => Err(FormatError::Broken),
        1..=VERSION => Ok(()),
        version => Err(FormatError::Newer { version }),
    }
}

/// The head of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// What the block holds.
    pub kind: Kind,
    /// How long its payload is; at most [`BLOCK_BYTES_MAX`].
    pub length: usize,
    checksum: u64,
}

impl Head {
    /// The head of the block that is the `place`-th of its file, from 0; `None` if the
    /// payload is too long for one.
    pub fn of(kind: Kind, place: u64, payload: &[u8]) -> Option<Self> {
        let length = payload.len();
        let checksum = checksum(kind, place, payload);
        (length <= BLOCK_BYTES_MAX).then_some(Self { kind, length, checksum })
    }

    /// The head as it is written.
    pub fn bytes(self) -> [u8; HEAD_BYTES] {
        let mut bytes = [0; HEAD_BYTES];
        bytes[0] = self.kind.letter();
        bytes[1..5].copy_from_slice(&(self.length as u32).to_le_bytes());
        bytes[5..].copy_from_slice(&self.checksum.to_le_bytes());
        bytes
    }

    /// Reads a head.
    pub fn read(bytes: [u8; HEAD_BYTES]) -> Result<Self, FormatError> {
        let [letter, a, b, c, d, checksum @ ..] = bytes;
        let kind = KINDS.iter().find(|(_, known)| *known == letter);
        let &(kind, _) = kind.ok_or(FormatError::Broken)?;
        let length = u32::from_le_bytes([a, b, c, d]) as usize;
        if length > BLOCK_BYTES_MAX {
            return Err(FormatError::Broken);
        }
        Ok(Self { kind, length, checksum: u64::from_le_bytes(checksum) })
    }

    /// Whether this is the payload that the head was made for.
    pub fn check(self, place: u64, payload: &[u8]) -> Result<(), FormatError> {
        let whole = payload.len() == self.length;
        if !whole || checksum(self.kind, place, payload) != self.checksum {
            return Err(FormatError::Broken);
        }
        Ok(())
    }
}

impl Kind {
    fn letter(self) -> u8 {
        let known = KINDS.iter().find(|(kind, _)| *kind == self);
        known.expect("every kind is in the table").1
    }
}

fn checksum(kind: Kind, place: u64, payload: &[u8]) -> u64 {
    xxh3_64_with_seed(payload, place << 8 | u64::from(kind.letter()))
}

/// A header or a summary as the payload of its block.
pub fn payload(value: &impl Serialize) -> Vec<u8> {
    postcard::to_allocvec(value).expect("a vector takes every encoding")
}

/// The header or summary that a payload is, all of it.
pub fn from_payload<'a, T: Deserialize<'a>>(payload: &'a [u8]) -> Result<T, FormatError> {
    match postcard::take_from_bytes(payload) {
        Ok((value, [])) => Ok(value),
        _ => Err(FormatError::Broken),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preambles_are_told_apart() {
        let with = |place: usize, byte: u8| {
            let mut bytes = preamble();
            bytes[place] = byte;
            check_preamble(bytes)
        };
        assert_eq!(check_preamble(preamble()), Ok(()));
        assert_eq!(with(0, 9), Err(FormatError::Foreign));
        assert_eq!(with(7, b'\r'), Err(FormatError::Foreign));
        assert_eq!(with(8, 1), Ok(()), "an older one");
        assert_eq!(with(8, 7), Ok(()), "the one before");
        assert_eq!(with(8, 9), Err(FormatError::Newer { version: 9 }));
        assert_eq!(with(9, 1), Err(FormatError::Newer { version: 264 }));
        assert_eq!(with(8, 0), Err(FormatError::Broken));
    }

    #[test]
    fn every_hurt_block_is_noticed() {
        let payload = b"some records";
        let head = Head::of(Kind::Records, 3, payload).expect("it is short");
        assert_eq!(Head::read(head.bytes()), Ok(head));
        assert_eq!(head.check(3, payload), Ok(()));
        assert_eq!(head.check(4, payload), Err(FormatError::Broken), "another place");
        assert_eq!(head.check(3, b"some record"), Err(FormatError::Broken), "cut");
        assert_eq!(head.check(3, b"some recorde"), Err(FormatError::Broken), "changed");
        for place in 0..HEAD_BYTES {
            let mut bytes = head.bytes();
            bytes[place] ^= 1;
            let checked = Head::read(bytes).and_then(|head| head.check(3, payload));
            assert_eq!(checked, Err(FormatError::Broken), "byte {place}");
        }
        let endless = [b'R', 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(Head::read(endless), Err(FormatError::Broken));
        assert_eq!(Head::of(Kind::Records, 0, &vec![0; BLOCK_BYTES_MAX + 1]), None);
    }

    #[test]
    fn headers_and_summaries_are_read_back_whole() {
        let summary = Summary { events: 7, actions: 9, digest: u64::MAX };
        let mut bytes = payload(&summary);
        assert_eq!(from_payload(&bytes), Ok(summary));
        bytes.push(0);
        assert_eq!(from_payload::<Summary>(&bytes), Err(FormatError::Broken), "more follows");
        assert_eq!(from_payload::<Header>(&[200; 40]), Err(FormatError::Broken));
    }
}
