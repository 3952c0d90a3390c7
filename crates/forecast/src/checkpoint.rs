//! How a model lies in a file: a mark, what it is, a version, its bytes and their digest.
//!
//! A checkpoint is taken whole or not at all. One that is cut short, changed, of another kind
//! or of another version is refused with a reason, and the caller goes on with the model it
//! has, or with one that needs no learning.

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

const MARK: &[u8; 8] = b"swellfc\n";

/// The version of what models write. It rises when a model's meaning changes.
pub const VERSION: u32 = 4;

/// Why a checkpoint was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CheckpointError {
    /// It is something else.
    #[error("this is no checkpoint of a forecaster")]
    Foreign,
    /// It was written by another version.
    #[error("the checkpoint is of version {0}, this program reads version {VERSION}: fit again")]
    Version(u32),
    /// It holds another model.
    #[error("the checkpoint holds `{found}`, not `{wanted}`")]
    Kind {
        /// What it holds.
        found: String,
        /// What was looked for.
        wanted: String,
    },
    /// It is cut short or changed.
    #[error("the checkpoint is cut short or damaged: fit again, or take an earlier one")]
    Damaged,
}

/// A model of the kind called `kind`, as bytes.
pub fn write(kind: &str, model: &impl Serialize) -> Vec<u8> {
    let body = postcard::to_allocvec(&(kind, model)).expect("models hold nothing unwritable");
    let mut bytes = MARK.to_vec();
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend(xxhash_rust::xxh3::xxh3_64(&body).to_le_bytes());
    bytes.extend(body);
    bytes
}

/// The model of the kind called `kind` that [`write`] made these bytes of.
pub fn read<T: DeserializeOwned>(kind: &str, bytes: &[u8]) -> Result<T, CheckpointError> {
    let rest = bytes.strip_prefix(MARK).ok_or(CheckpointError::Foreign)?;
    let (version, rest) = rest.split_first_chunk().ok_or(CheckpointError::Damaged)?;
    match u32::from_le_bytes(*version) {
        VERSION => {}
        other => return Err(CheckpointError::Version(other)),
    }
    let (digest, body) = rest.split_first_chunk().ok_or(CheckpointError::Damaged)?;
    if xxhash_rust::xxh3::xxh3_64(body) != u64::from_le_bytes(*digest) {
        return Err(CheckpointError::Damaged);
    }
    let (found, model) =
        postcard::take_from_bytes::<String>(body).map_err(|_| CheckpointError::Damaged)?;
    if found != kind {
        return Err(CheckpointError::Kind { found, wanted: kind.to_string() });
    }
    postcard::from_bytes(model).map_err(|_| CheckpointError::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_taken_whole_or_not_at_all() {
        let bytes = write("ses", &vec![1.0f32, 2.0]);
        assert_eq!(read("ses", &bytes), Ok(vec![1.0f32, 2.0]));
        for end in 0..bytes.len() {
            assert!(read::<Vec<f32>>("ses", &bytes[..end]).is_err(), "cut at {end}");
        }
        let changed = |place: usize| {
            let mut bytes = bytes.clone();
            bytes[place] ^= 1;
            read::<Vec<f32>>("ses", &bytes).unwrap_err()
        };
        assert_eq!(changed(0), CheckpointError::Foreign);
        assert_eq!(changed(8), CheckpointError::Version(VERSION ^ 1));
        assert_eq!(changed(bytes.len() - 1), CheckpointError::Damaged);
        assert!(matches!(read::<Vec<f32>>("tsb", &bytes), Err(CheckpointError::Kind { .. })));
    }
}
