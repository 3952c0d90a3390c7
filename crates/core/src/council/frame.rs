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

/// The format that is written, and the newest that is read. Whatever changes how an entry or a mark
/// is written makes a new one.
pub const VERSION: u16 = 2;

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
    /// They are whole, and mean nothing to this program: another one wrote them in the same format,
    /// or an earlier one in a format that is not read any more.
    Strange {
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
                "entry {index} of the log was written by a newer Swell (format {version}), and this \
                 program reads up to {VERSION}: upgrade Swell at this site"
            ),
            FrameError::Strange { index, version } => write!(
                f,
                "entry {index} of the log is whole and was written by another Swell (format \
                 {version}), which this program does not understand: run the release that all sites \
                 have"
            ),
            FrameError::TooLong => write!(f, "an entry of the log has at most {BYTES_MAX} bytes"),
        }
    }
}

impl std::error::Error for FrameError {}

impl FrameError {
    /// Whether the bytes are as they were written, by a program that this one does not understand.
    pub fn is_of_another_program(self) -> bool {
        matches!(self, FrameError::Newer { .. } | FrameError::Strange { .. })
    }
}

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
    let strange = FrameError::Strange { index, version };
    if version < VERSION {
        return Err(strange);
    }
    match postcard::take_from_bytes(payload) {
        Ok((entry, [])) => Ok(entry),
        _ => Err(strange),
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
    }

    /// A kind of entry that a later program has.
    #[derive(serde::Serialize)]
    struct Later {
        from: SiteId,
        incarnation: u64,
        sequence: u64,
        command: u8,
    }

    #[test]
    fn what_another_program_wrote_is_not_taken_for_damage() {
        let later = Later { from: SiteId(3), incarnation: 1, sequence: 9, command: 99 };
        let bytes = seal(5, &later).expect("it is short");
        let of = |version: u16| {
            let mut bytes = bytes.clone();
            bytes[..2].copy_from_slice(&version.to_le_bytes());
            open::<Entry>(5, &bytes).expect_err("it is no entry of ours")
        };
        let (index, version) = (5, VERSION + 3);
        assert_eq!(of(version), FrameError::Newer { index, version });
        assert_eq!(of(VERSION), FrameError::Strange { index, version: VERSION });
        assert_eq!(of(VERSION - 1), FrameError::Strange { index, version: VERSION - 1 });
        assert_eq!(of(0), FrameError::Broken { index });
        assert!(of(version).is_of_another_program() && !of(0).is_of_another_program());
        let told = of(version).to_string();
        assert!(told.contains("newer Swell (format 5)") && told.contains("upgrade"), "{told}");
        let mut hurt = bytes;
        hurt[12] ^= 1;
        assert_eq!(open::<Entry>(5, &hurt), Err(FrameError::Broken { index }));
    }
}
