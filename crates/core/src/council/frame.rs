//! How an entry lies in a log: sealed with a version and a checksum that knows its index.
//!
//! Whatever cannot be read is told apart from what must not be passed over: a damaged entry
//! and one of a newer program both stop a site, for to skip either would be to decide by
//! another log than the others. Whoever keeps a log seals what is its own beside them (its
//! members, its marks) in the same way.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The format that is written, and the newest that is read.
const VERSION: u16 = 1;

/// The longest entry.
pub const BYTES_MAX: usize = 64 << 10;

const HEAD: usize = 2 + 8;

/// Why bytes are no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameError {
    /// They are cut, changed, or of another index.
    Broken {
        /// Where in the log.
        index: u64,
    },
    /// A newer program wrote them.
    Newer {
        /// Where in the log.
        index: u64,
        /// The version of the format.
        version: u16,
    },
    /// It is longer than an entry may be.
    TooLong,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FrameError::Broken { index } => write!(
                f,
                "entry {index} of the log is damaged: restore this site's log from another site"
            ),
            FrameError::Newer { index, version } => write!(
                f,
                "entry {index} of the log has format {version}, and this program knows up to \
                 {VERSION}: upgrade this site before it goes on"
            ),
            FrameError::TooLong => write!(f, "an entry of the log has at most {BYTES_MAX} bytes"),
        }
    }
}

impl std::error::Error for FrameError {}

/// The entry as it is written at that index.
pub fn seal<T: Serialize>(index: u64, entry: &T) -> Result<Vec<u8>, FrameError> {
    let payload = postcard::to_allocvec(entry).map_err(|_| FrameError::TooLong)?;
    if payload.len() + HEAD > BYTES_MAX {
        return Err(FrameError::TooLong);
    }
    let mut bytes = VERSION.to_le_bytes().to_vec();
    bytes.extend(xxh3_64_with_seed(&payload, index).to_le_bytes());
    bytes.extend(payload);
    Ok(bytes)
}

/// The entry that was written at that index.
pub fn open<T: DeserializeOwned>(index: u64, bytes: &[u8]) -> Result<T, FrameError> {
    let broken = FrameError::Broken { index };
    let Some(([a, b], rest)) = bytes.split_first_chunk::<2>() else { return Err(broken) };
    let version = u16::from_le_bytes([*a, *b]);
    if version > VERSION {
        return Err(FrameError::Newer { index, version });
    }
    let Some((checksum, payload)) = rest.split_first_chunk::<8>() else { return Err(broken) };
    if version == 0 || xxh3_64_with_seed(payload, index) != u64::from_le_bytes(*checksum) {
        return Err(broken);
    }
    match postcard::take_from_bytes(payload) {
        Ok((entry, [])) => Ok(entry),
        _ => Err(broken),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::council::entry::{Command, Entry};
    use crate::council::words::ProposalId;
    use crate::ids::SiteId;

    #[test]
    fn every_hurt_entry_is_noticed() {
        let command = Command::Withdraw { proposal: ProposalId(77) };
        let entry = Entry { from: SiteId(3), incarnation: 1, sequence: 9, command };
        let bytes = seal(5, &entry).expect("it is short");
        assert_eq!(open(5, &bytes), Ok(entry));
        assert_eq!(open::<Entry>(6, &bytes), Err(FrameError::Broken { index: 6 }), "another place");
        for cut in 0..bytes.len() {
            assert!(open::<Entry>(5, &bytes[..cut]).is_err(), "cut at {cut}");
        }
        for place in 2..bytes.len() {
            let mut hurt = bytes.clone();
            hurt[place] ^= 4;
            assert_eq!(
                open::<Entry>(5, &hurt),
                Err(FrameError::Broken { index: 5 }),
                "byte {place}"
            );
        }
        let mut newer = bytes;
        newer[0] = 2;
        assert_eq!(open::<Entry>(5, &newer), Err(FrameError::Newer { index: 5, version: 2 }));
    }
}
