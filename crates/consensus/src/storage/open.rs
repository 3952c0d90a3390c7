//! Opening a log: everything in it is looked at before anything of it is believed.
//!
//! The store checks its pages, and goes back over a write that was under way when the machine
//! stopped. Beyond that: every entry is whole and in its place, none is missing between the
//! first and the last, terms never go back, the snapshot can be read, and the file has not seen
//! fewer writes than were confirmed. Whatever is not so stops the site, and nothing is cut off.

use std::fs::{File, OpenOptions};
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

/// What is known of a log before it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Past {
    /// There was none yet, as far as is known: one is begun where none is found.
    Unknown {
        /// The number of the site's first life on a new log. Higher than any it had on an earlier
        /// one, or what it says is taken for a repetition: the time of day will do.
        life: u64,
    },
    /// It was begun, and the site has promised things by it: it must be there.
    Begun,
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
    pub(crate) covered: Option<LogId>,
}

/// Opens the log of a site in its folder; begins one, unless there was one.
pub fn open_folder(folder: &Path, owner: SiteId, past: Past) -> Result<Opened, Damage> {
    let unreachable =
        |error: std::io::Error| Damage::Unreachable(format!("`{}`: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(unreachable)?;
    let life = match past {
        Past::Unknown { life } => life,
        Past::Begun => {
            for name in [LOG, WITNESS] {
                let path = folder.join(name);
                // An empty one is what creating a file anew leaves behind.
                if std::fs::metadata(&path).map_or(0, |file| file.len()) == 0 {
                    return Err(Damage::Missing(path));
                }
            }
            0
        }
    };
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false).open(folder.join(LOG));
    let disk = FileBackend::new(file.map_err(unreachable)?).map_err(Damage::of)?;
    let (witness, had) = Witness::open(&folder.join(WITNESS)).map_err(unreachable)?;
    if had.is_none() && past == Past::Begun {
        return Err(Damage::Broken("its witness cannot be read".to_owned()));
    }
    // A file whose name is lost is lost: the folder is synced as well.
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(unreachable)?;
    let mut opened = open_from(disk, owner, had.unwrap_or(0), life)?;
    // From here on it has its length on disk, whatever becomes of what is written later.
    witness.testify(opened.found.writes).and_then(|()| witness.sync()).map_err(unreachable)?;
    opened.witness = Some(witness);
    Ok(opened)
}

/// Opens the log of a site on a disk that is known to have confirmed so many writes.
pub fn open_disk(disk: impl StorageBackend, owner: SiteId, had: u64) -> Result<Opened, Damage> {
    open_from(disk, owner, had, 1)
}

fn open_from(
    disk: impl StorageBackend,
    owner: SiteId,
    had: u64,
    life: u64,
) -> Result<Opened, Damage> {
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
        begin(&database, owner, found, life).map(|found| (Arc::new(database), found))
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
        covered: None,
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
    found.covered = meta.and_then(|meta| meta.last_log_id);
    if let Some(image) = marks.get(Mark::Snapshot as u8).map_err(Damage::of)? {
        restore(image.value())?;
    } else if found.covered.is_some() {
        return Err(Damage::Broken("its snapshot is missing".to_owned()));
    }
    if found.purged > found.covered {
        return Err(Damage::Broken("no snapshot stands for the entries it let go of".to_owned()));
    }
    Ok(found)
}

/// Begins a life of the site.
fn begin(database: &Database, owner: SiteId, mut found: Found, life: u64) -> Result<Found, Damage> {
    found.incarnation = (found.incarnation + 1).max(if found.writes == 0 { life } else { 0 });
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
