//! The state as bytes, and back: a snapshot that stands for the log up to its index.

use xxhash_rust::xxh3::xxh3_64;

use crate::council::state::State;
use crate::history::{open, seal};

/// What a snapshot is called, and the version of its form.
const NAME: &str = "council";
const VERSION: u16 = 5;

/// Why bytes are no snapshot that can be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageError {
    /// They are cut or changed.
    Broken,
    /// They are whole, and of a form or rules that this program does not know.
    Unknown,
}

impl std::fmt::Display for ImageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            ImageError::Broken => "the snapshot is damaged: fetch it from another site",
            ImageError::Unknown => {
                "the snapshot is of another version of Swell: run the one that all sites have"
            }
        })
    }
}

impl std::error::Error for ImageError {}

/// The state as bytes.
pub fn save(state: &State) -> Vec<u8> {
    let mut bytes = seal(NAME, VERSION, state);
    bytes.extend(xxh3_64(&bytes).to_le_bytes());
    bytes
}

/// The state that was saved; nothing of it if a byte is not as it was.
pub fn restore(bytes: &[u8]) -> Result<State, ImageError> {
    let (payload, checksum) = bytes.split_last_chunk::<8>().ok_or(ImageError::Broken)?;
    if xxh3_64(payload) != u64::from_le_bytes(*checksum) {
        return Err(ImageError::Broken);
    }
    let state: State = open(NAME, VERSION, payload).ok_or(ImageError::Unknown)?;
    if state.rules.problem().is_some() {
        return Err(ImageError::Unknown);
    }
    Ok(state)
}

/// A number that two sites have in common if and, but for chance, only if their states are
/// the same.
pub fn digest(state: &State) -> u64 {
    xxh3_64(&seal(NAME, VERSION, state))
}
