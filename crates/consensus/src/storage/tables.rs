//! Where everything lies in the file.
//!
//! Entries by their index, and a handful of marks by name. Every value is sealed with a version
//! and a checksum; an entry's checksum also knows its index, so that no entry passes for another.

use redb::{ReadableTable, TableDefinition};
use serde::Serialize;
use serde::de::DeserializeOwned;
use swell_core::council::frame::{FrameError, open, seal};

use crate::storage::damage::Damage;
use crate::types::LogEntry;

/// The entries.
pub const ENTRIES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("entries");
/// The marks.
pub const MARKS: TableDefinition<'_, u8, &[u8]> = TableDefinition::new("marks");

/// What a mark tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Mark {
    /// Whose log this is.
    Owner = 1,
    /// How often the site was started.
    Incarnation = 2,
    /// How many writes the file has seen.
    Writes = 3,
    /// The vote.
    Vote = 4,
    /// The last entry that is known to be committed.
    Committed = 5,
    /// The last entry that was let go of.
    Purged = 6,
    /// What the snapshot stands for.
    SnapshotMeta = 7,
    /// The snapshot, with a checksum of its own.
    Snapshot = 8,
}

/// The value of a mark; `None` if it was never set.
pub fn mark<T: DeserializeOwned>(
    marks: &impl ReadableTable<u8, &'static [u8]>,
    mark: Mark,
) -> Result<Option<T>, Damage> {
    match marks.get(mark as u8).map_err(Damage::of)? {
        None => Ok(None),
        Some(value) => {
            let name = format!("{mark:?}");
            open(mark as u64, value.value()).map(Some).map_err(|error| match error {
                FrameError::Newer { version, .. } | FrameError::Strange { version, .. } => {
                    Damage::Mark { name, version }
                }
                _ => Damage::Broken(format!("its mark `{name}` is not what was written")),
            })
        }
    }
}

/// The bytes of a mark.
pub fn sealed_mark<T: Serialize>(mark: Mark, value: &T) -> Result<Vec<u8>, Damage> {
    Ok(seal(mark as u64, value)?)
}

/// The bytes of an entry.
pub fn sealed_entry(entry: &LogEntry) -> Result<Vec<u8>, Damage> {
    Ok(seal(entry.log_id.index, entry)?)
}

/// The entry of that index.
pub fn opened_entry(index: u64, bytes: &[u8]) -> Result<LogEntry, Damage> {
    let entry: LogEntry = open(index, bytes)?;
    if entry.log_id.index != index {
        return Err(Damage::Broken(format!("entry {index} calls itself another")));
    }
    Ok(entry)
}
