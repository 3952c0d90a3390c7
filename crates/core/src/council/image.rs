//! The state as bytes, and back: a snapshot that stands for the log up to its index.

use xxhash_rust::xxh3::xxh3_64;

use crate::council::early::Early;
use crate::council::state::State;
use crate::history::{open, seal};

/// What a snapshot is called, and the version of its form.
const NAME: &str = "council";
const VERSION: u16 = 3;
/// The oldest that is read: it lacks what the last field of a state holds.
const WITHOUT_EARLY: u16 = 2;

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
            ImageError::Unknown => "the snapshot is of another version: upgrade this site first",
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
    let state: State = open(NAME, VERSION, payload)
        .or_else(|| open(NAME, WITHOUT_EARLY, &with_nothing_early(payload)))
        .ok_or(ImageError::Unknown)?;
    if state.rules.problem().is_some() {
        return Err(ImageError::Unknown);
    }
    Ok(state)
}

/// A payload of the version before, with an empty last field: the form has no frame around fields.
fn with_nothing_early(payload: &[u8]) -> Vec<u8> {
    let nothing = postcard::to_allocvec(&Early::default()).unwrap_or_default();
    [payload, &nothing].concat()
}

/// A number that two sites have in common if and, but for chance, only if their states are
/// the same.
pub fn digest(state: &State) -> u64 {
    xxh3_64(&seal(NAME, VERSION, state))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::council::rules::Rules;

    #[test]
    fn a_snapshot_of_the_version_before_is_read() {
        let state = State::new(Rules::default());
        let nothing = postcard::to_allocvec(&Early::default()).expect("it is short");
        let mut old = seal(NAME, WITHOUT_EARLY, &state);
        old.truncate(old.len() - nothing.len());
        old.extend(xxh3_64(&old).to_le_bytes());
        assert_eq!(restore(&old), Ok(state));
    }
}
