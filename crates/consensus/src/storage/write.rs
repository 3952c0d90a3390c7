//! What is written to the log, and how much of it at once.

use redb::Database;

use crate::storage::damage::Damage;
use crate::storage::tables::{ENTRIES, MARKS, Mark, sealed_mark};
use crate::types::LogId;

/// Something to write.
#[derive(Debug)]
pub(crate) enum Write {
    /// Entries behind the last, by index.
    Append(Vec<(u64, Vec<u8>)>),
    /// The vote.
    Vote(Vec<u8>),
    /// Entries from that index on go: another leader's stand in their places.
    Truncate(u64),
    /// Entries up to that one go: a snapshot stands for them.
    Purge(LogId),
    /// A snapshot, and what it stands for.
    Snapshot { meta: Vec<u8>, image: Vec<u8> },
}

/// Writes all of that in one commit, or nothing. `committed` rides along: to know it after a
/// start saves time, and to have it a little too low costs nothing but that.
pub(crate) fn write_all<'a>(
    database: &Database,
    writes: impl Iterator<Item = &'a Write>,
    committed: Option<LogId>,
    count: u64,
) -> Result<(), Damage> {
    let writing = database.begin_write().map_err(Damage::of)?;
    {
        let mut entries = writing.open_table(ENTRIES).map_err(Damage::of)?;
        let mut marks = writing.open_table(MARKS).map_err(Damage::of)?;
        let mut set = |mark: Mark, bytes: &[u8]| {
            marks.insert(mark as u8, bytes).map(|_| ()).map_err(Damage::of)
        };
        for write in writes {
            match write {
                Write::Append(added) => {
                    for (index, bytes) in added {
                        entries.insert(index, bytes.as_slice()).map_err(Damage::of)?;
                    }
                }
                Write::Vote(bytes) => set(Mark::Vote, bytes)?,
                Write::Truncate(from) => {
                    entries.retain_in::<u64, _>(from.., |_, _| false).map_err(Damage::of)?;
                }
                Write::Purge(upto) => {
                    entries.retain_in::<u64, _>(..=upto.index, |_, _| false).map_err(Damage::of)?;
                    set(Mark::Purged, &sealed_mark(Mark::Purged, upto)?)?;
                }
                Write::Snapshot { meta, image } => {
                    set(Mark::SnapshotMeta, meta)?;
                    set(Mark::Snapshot, image)?;
                }
            }
        }
        if let Some(committed) = committed {
            set(Mark::Committed, &sealed_mark(Mark::Committed, &committed)?)?;
        }
        set(Mark::Writes, &sealed_mark(Mark::Writes, &count)?)?;
    }
    writing.commit().map_err(Damage::of)
}
