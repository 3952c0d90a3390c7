//! Opening a log: everything in it is looked at before anything of it is believed.
//!
//! The store checks its pages, and goes back over a write that was under way when the machine
//! stopped. Beyond that: every entry is whole and in its place, none is missing between the
//! first and the last, terms never go back, the snapshot can be read, and the file has not seen
//! fewer writes than were confirmed. Whatever is not so stops the site, and nothing is cut off.

use std::fs::OpenOptions;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use redb::backends::FileBackend;
use redb::{Database, ReadableDatabase, ReadableTable, StorageBackend};
use swell_core::council::image::restore;
use swell_core::ids::SiteId;

use crate::storage::counted::Counted;
use crate::storage::damage::Damage;
use crate::storage::mark::Witness;
use crate::storage::tables::{ENTRIES, MARKS, Mark, mark, opened_entry, sealed_mark};
use crate::types::{LogId, SnapshotMeta, Vote};

/// The name of the log in its folder.
const LOG: &str = "council.redb";
/// The name of its witness.
const WITNESS: &str = "council.witness";
/// What the store keeps of the file in memory, in bytes.
const CACHE: usize = 16 << 20;

/// A log that was found whole.
#[derive(Debug)]
pub struct Opened {
    pub(crate) database: Arc<Database>,
    pub(crate) witness: Option<Witness>,
    pub(crate) syncs: Arc<AtomicU64>,
    pub(crate) found: Found,
}

/// What was in it.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) incarnation: u64,
    pub(crate) writes: u64,
    pub(crate) vote: Option<Vote>,
    pub(crate) committed: Option<LogId>,
    pub(crate) purged: Option<LogId>,
    pub(crate) last: Option<LogId>,
}

/// Opens the log of a site in its folder, or begins one.
pub fn open_folder(folder: &Path, owner: SiteId) -> Result<Opened, Damage> {
    let unreachable =
        |error: std::io::Error| Damage::Unreachable(format!("`{}`: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(unreachable)?;
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false).open(folder.join(LOG));
    let disk = FileBackend::new(file.map_err(unreachable)?).map_err(Damage::of)?;
    let (witness, had) = Witness::open(&folder.join(WITNESS)).map_err(unreachable)?;
    let mut opened = open_disk(disk, owner, had.unwrap_or(0))?;
    opened.witness = Some(witness);
    Ok(opened)
}

/// Opens the log of a site on a disk that is known to have confirmed so many writes.
pub fn open_disk(disk: impl StorageBackend, owner: SiteId, had: u64) -> Result<Opened, Damage> {
    let syncs = Arc::new(AtomicU64::new(0));
    let disk = Counted::new(disk, Arc::clone(&syncs));
    // The store trusts what its checksums cover, and asserts the rest: what a damaged file may
    // trip there is news of damage, and no reason to fall.
    let open = AssertUnwindSafe(move || {
        let mut builder = Database::builder();
        builder.set_cache_size(CACHE).set_check_integrity_on_open(true);
        let database = builder.create_with_backend(disk).map_err(Damage::of)?;
        let found = look(&database, owner)?;
        if found.writes < had {
            return Err(Damage::Older { has: found.writes, had });
        }
        begin(&database, owner, found).map(|found| (Arc::new(database), found))
    });
    let fell = |_| Damage::Broken("its store cannot be read".to_owned());
    let (database, found) = catch_unwind(open).map_err(fell)??;
    Ok(Opened { database, witness: None, syncs, found })
}

/// Looks at all there is.
fn look(database: &Database, owner: SiteId) -> Result<Found, Damage> {
    let reading = database.begin_read().map_err(Damage::of)?;
    let marks = match reading.open_table(MARKS) {
        Ok(marks) => marks,
        Err(redb::TableError::TableDoesNotExist(_)) => return Ok(Found::default()),
        Err(error) => return Err(Damage::of(error)),
    };
    match mark::<SiteId>(&marks, Mark::Owner)? {
        Some(found) if found != owner => return Err(Damage::Foreign { owner: found }),
        Some(_) => {}
        None => return Err(Damage::Broken("it does not say whose it is".to_owned())),
    }
    let mut found = Found {
        incarnation: mark(&marks, Mark::Incarnation)?.unwrap_or(0),
        writes: mark(&marks, Mark::Writes)?.unwrap_or(0),
        vote: mark(&marks, Mark::Vote)?,
        committed: mark(&marks, Mark::Committed)?,
        purged: mark(&marks, Mark::Purged)?,
        last: None,
    };
    found.last = found.purged;
    for item in reading.open_table(ENTRIES).map_err(Damage::of)?.iter().map_err(Damage::of)? {
        let (index, bytes) = item.map_err(Damage::of)?;
        let entry = opened_entry(index.value(), bytes.value())?;
        let next = found.last.map_or(0, |last| last.index + 1);
        if entry.log_id.index != next {
            let gap = format!("entry {next} is missing before entry {}", entry.log_id.index);
            return Err(Damage::Broken(gap));
        }
        if found.last.is_some_and(|last| last > entry.log_id) {
            return Err(Damage::Broken(format!(
                "entry {next} is of an earlier term than the last"
            )));
        }
        found.last = Some(entry.log_id);
    }
    let meta: Option<SnapshotMeta> = mark(&marks, Mark::SnapshotMeta)?;
    let covered = meta.and_then(|meta| meta.last_log_id);
    if let Some(image) = marks.get(Mark::Snapshot as u8).map_err(Damage::of)? {
        restore(image.value())?;
    } else if covered.is_some() {
        return Err(Damage::Broken("its snapshot is missing".to_owned()));
    }
    if found.purged > covered {
        return Err(Damage::Broken("no snapshot stands for the entries it let go of".to_owned()));
    }
    Ok(found)
}

/// Begins a life of the site.
fn begin(database: &Database, owner: SiteId, mut found: Found) -> Result<Found, Damage> {
    found.incarnation += 1;
    found.writes += 1;
    let writing = database.begin_write().map_err(Damage::of)?;
    {
        writing.open_table(ENTRIES).map_err(Damage::of)?;
        let mut marks = writing.open_table(MARKS).map_err(Damage::of)?;
        for (mark, bytes) in [
            (Mark::Owner, sealed_mark(Mark::Owner, &owner)?),
            (Mark::Incarnation, sealed_mark(Mark::Incarnation, &found.incarnation)?),
            (Mark::Writes, sealed_mark(Mark::Writes, &found.writes)?),
        ] {
            marks.insert(mark as u8, bytes.as_slice()).map_err(Damage::of)?;
        }
    }
    writing.commit().map_err(Damage::of)?;
    Ok(found)
}
