//! The file behind demand, `demand.redb`: counts in chunks, what calls use, and records by
//! name and number for those who keep some.
//!
//! Flash wears, so counts are written at most once in five minutes of the wall and when the
//! node stops; a node that is killed loses the counts of that time and knows them as a gap.
//! What people state (events of a calendar) is written at once.
//!
//! A file that cannot be understood is moved aside, whole, and a new one begun: counts are
//! worth less than a node that serves.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::{ReadableTable, TableDefinition};
use swell_forecast::series::Series;

use crate::clock::wall_ms;
use crate::demand::book::Book;
use crate::demand::chunks::{CHUNK, Chunks};
use crate::demand::track::{CallCosts, FIVES_KEPT, MINUTES_KEPT, Track};
use crate::store::database::{File, Kind, Trouble};
use crate::store::error::StoreError;

/// Name of the file in the data folder.
pub const FILE: &str = "demand.redb";
/// The schema that this program writes, and the newest it reads.
pub const SCHEMA: u64 = 1;

/// Function (none for what was measured), whether of minutes, number of the chunk.
const COUNTS: TableDefinition<(&str, bool, u64), &[u8]> = TableDefinition::new("counts");
const FUNCTIONS: TableDefinition<&str, &[u8]> = TableDefinition::new("functions");
const SPEED: TableDefinition<(), f64> = TableDefinition::new("speed");
/// What records are of, and their names.
const RECORDS: TableDefinition<(&str, &str), &[u8]> = TableDefinition::new("records");

const KIND: Kind = Kind {
    file: FILE,
    keeps: "demand",
    schema: SCHEMA,
    cache_bytes: 8 << 20,
    checked: true,
    tables: |transaction| {
        transaction.open_table(COUNTS)?;
        transaction.open_table(FUNCTIONS)?;
        transaction.open_table(SPEED)?;
        transaction.open_table(RECORDS)?;
        Ok(())
    },
};

/// The file.
pub struct Ledger {
    file: File,
}

impl Ledger {
    /// Opens the file in a data folder; one that makes no sense is kept aside, with the place
    /// it went to.
    pub fn open(folder: &Path) -> Result<(Self, Option<Aside>), StoreError> {
        match File::open(folder, KIND) {
            Ok(file) => Ok((Self { file }, None)),
            Err(error @ (StoreError::Corrupt { .. } | StoreError::Newer { .. })) => {
                let path = folder.join(FILE);
                let to = folder.join(format!("{FILE}.aside-{}", wall_ms()));
                std::fs::rename(&path, &to).map_err(|error| StoreError::io(&path, &error))?;
                let aside = Aside { to, why: error.to_string() };
                Ok((Self { file: File::open(folder, KIND)? }, Some(aside)))
            }
            Err(error) => Err(error),
        }
    }

    /// All counts of runs at this speed that are still kept at a minute. Those of another
    /// speed are forgotten: their minutes were of another length.
    pub fn book(&self, speed: f64, minute: u64) -> Result<Book, StoreError> {
        let known = self.file.read(|transaction| {
            Ok(transaction.open_table(SPEED)?.get(())?.map(|speed| speed.value()))
        })?;
        if known != Some(speed) {
            self.begin(speed)?;
            return Ok(Book::default());
        }
        let oldest = |of_minutes: bool| match of_minutes {
            true => minute.saturating_sub(MINUTES_KEPT) / CHUNK,
            false => (minute / 5).saturating_sub(FIVES_KEPT) / CHUNK,
        };
        self.file.read(|transaction| {
            let mut book = Book::default();
            for row in transaction.open_table(FUNCTIONS)?.iter()? {
                let (name, bytes) = row?;
                if let Ok((since, costs)) = postcard::from_bytes::<(u64, CallCosts)>(bytes.value())
                {
                    let costs = if costs.is_sane() { costs } else { CallCosts::default() };
                    let track = Track { costs, ..Track::new(since) };
                    book.tracks.insert(Arc::from(name.value()), track);
                }
            }
            for row in transaction.open_table(COUNTS)?.iter()? {
                let (key, bytes) = row?;
                let (name, of_minutes, chunk) = key.value();
                if chunk < oldest(of_minutes) {
                    continue;
                }
                let series = postcard::from_bytes::<Series>(bytes.value());
                let series = series.ok().filter(|series| series.len() <= CHUNK as usize);
                let Some(series) = series else {
                    let what = format!("a chunk of counts of `{name}` makes no sense");
                    return Err(Trouble::Nonsense(what));
                };
                let (minutes, fives): (&mut Chunks, &mut Chunks) = match name {
                    "" => (&mut book.measured.minutes, &mut book.measured.fives),
                    name => match book.tracks.get_mut(name) {
                        Some(track) => (&mut track.minutes, &mut track.fives),
                        None => continue,
                    },
                };
                (if of_minutes { minutes } else { fives }).put(chunk, series);
            }
            Ok(book)
        })
    }

    fn begin(&self, speed: f64) -> Result<(), StoreError> {
        self.file.change(|transaction| {
            transaction.open_table(COUNTS)?.retain(|_, _| false)?;
            transaction.open_table(FUNCTIONS)?.retain(|_, _| false)?;
            transaction.open_table(RECORDS)?.retain(|(of, _), _| !of.starts_with(TIMED))?;
            transaction.open_table(SPEED)?.insert((), speed)?;
            Ok(())
        })
    }

    /// Writes what was taken from a book, in one step.
    pub fn write(&self, changes: &Changes) -> Result<(), StoreError> {
        self.file.change(|transaction| {
            let mut functions = transaction.open_table(FUNCTIONS)?;
            for (name, bytes) in &changes.functions {
                functions.insert(&**name, bytes.as_slice())?;
            }
            let mut counts = transaction.open_table(COUNTS)?;
            for ((name, of_minutes, chunk), bytes) in &changes.counts {
                counts.insert((&**name, *of_minutes, *chunk), bytes.as_slice())?;
            }
            if let Some(minute) = changes.forget {
                let oldest_minute = minute.saturating_sub(MINUTES_KEPT) / CHUNK;
                let oldest_five = (minute / 5).saturating_sub(FIVES_KEPT) / CHUNK;
                counts.retain(|(_, of_minutes, chunk), _| {
                    chunk >= if of_minutes { oldest_minute } else { oldest_five }
                })?;
                for name in &changes.gone {
                    functions.remove(&**name)?;
                }
            }
            let mut records = transaction.open_table(RECORDS)?;
            for (of, name, bytes) in &changes.records {
                records.insert((*of, name.as_str()), bytes.as_slice())?;
            }
            Ok(())
        })
    }

    /// Keeps a record, at once.
    pub fn keep(&self, of: &str, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.file.change(|transaction| {
            transaction.open_table(RECORDS)?.insert((of, name), bytes)?;
            Ok(())
        })
    }

    /// Keeps some records and forgets others, in one step.
    pub fn exchange(
        &self,
        of: &str,
        gone: &[String],
        come: &[(String, Vec<u8>)],
    ) -> Result<(), StoreError> {
        self.file.change(|transaction| {
            let mut records = transaction.open_table(RECORDS)?;
            for name in gone {
                records.remove((of, name.as_str()))?;
            }
            for (name, bytes) in come {
                records.insert((of, name.as_str()), bytes.as_slice())?;
            }
            Ok(())
        })
    }

    /// All records of a kind, by name.
    pub fn records(&self, of: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        self.file.read(|transaction| {
            let records = transaction.open_table(RECORDS)?;
            let mut found = Vec::new();
            for row in records.range((of, "")..)? {
                let (key, bytes) = row?;
                let (kind, name) = key.value();
                if kind != of {
                    break;
                }
                found.push((name.to_string(), bytes.value().to_vec()));
            }
            Ok(found)
        })
    }
}

/// Records whose kind begins with this are of steps, and go with the counts of another speed.
pub const TIMED: &str = "steps/";

/// Where a file went that made no sense, and why.
#[derive(Debug)]
pub struct Aside {
    /// Where it is now.
    pub to: PathBuf,
    /// What was wrong with it.
    pub why: String,
}

/// Function (none for what was measured), whether of minutes, and number of a chunk.
type ChunkKey = (Arc<str>, bool, u64);

/// What is to be written.
#[derive(Debug, Default)]
pub struct Changes {
    counts: Vec<(ChunkKey, Vec<u8>)>,
    functions: Vec<(Arc<str>, Vec<u8>)>,
    gone: Vec<Arc<str>>,
    forget: Option<u64>,
    /// Records: what they are of, their names, their bytes.
    pub records: Vec<(&'static str, String, Vec<u8>)>,
}

impl Changes {
    /// What changed in a book since this was last asked, at a minute; what is too old is
    /// forgotten on the way.
    pub fn take(book: &mut Book, minute: u64, is_there: impl Fn(&str) -> bool) -> Self {
        let mut changes = Self::default();
        let forgotten = book.forget(minute, is_there);
        if forgotten.any {
            (changes.forget, changes.gone) = (Some(minute), forgotten.functions);
        }
        let nobody: Arc<str> = "".into();
        changes.add(&nobody, true, &mut book.measured.minutes);
        changes.add(&nobody, false, &mut book.measured.fives);
        for (name, track) in &mut book.tracks {
            let before = changes.counts.len();
            changes.add(name, true, &mut track.minutes);
            changes.add(name, false, &mut track.fives);
            let is_new = changes.counts.len() > before;
            if std::mem::take(&mut track.costs_changed) || is_new {
                changes.functions.push((name.clone(), bytes(&(track.since, track.costs))));
            }
        }
        changes
    }

    fn add(&mut self, name: &Arc<str>, of_minutes: bool, chunks: &mut Chunks) {
        for (chunk, series) in chunks.take_changed() {
            self.counts.push(((name.clone(), of_minutes, chunk), bytes(series)));
        }
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
            && self.functions.is_empty()
            && self.forget.is_none()
            && self.records.is_empty()
    }
}

fn bytes(value: &impl serde::Serialize) -> Vec<u8> {
    postcard::to_allocvec(value).expect("a vector takes every encoding")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use swell_forecast::panel::Trigger;

    use super::*;
    use crate::demand::book::{Counted, Window};
    use crate::observe::usage::Used;

    fn filled() -> Book {
        let mut book = Book::default();
        let used = Used { calls: 3, run_us: 600, ..Used::default() };
        let mut counted: BTreeMap<Arc<str>, Counted> = BTreeMap::new();
        counted.insert("hello".into(), Counted { since: 0, calls: 3, used });
        for minute in 290..610 {
            if minute != 400 {
                book.close(minute, 1, &counted);
            }
        }
        book
    }

    fn seen(book: &Book) -> Vec<Option<u32>> {
        let window = Window { step: 5, steps: 70, end: 122 };
        let panel = book.panel(&window, &[("hello".into(), Trigger::Http)]);
        (0..70).map(|step| panel.members[0].counts.get(step)).collect()
    }

    #[test]
    fn counts_come_back_with_their_gaps() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let (ledger, aside) = Ledger::open(folder.path()).expect("it opens");
        assert!(aside.is_none() && ledger.book(1.0, 610).expect("it reads").tracks.is_empty());
        let mut book = filled();
        ledger.write(&Changes::take(&mut book, 610, |_| true)).expect("it is written");
        assert!(Changes::take(&mut book, 610, |_| true).is_empty());
        drop(ledger);
        let (ledger, _) = Ledger::open(folder.path()).expect("it opens again");
        let again = ledger.book(1.0, 610).expect("it reads");
        assert_eq!(seen(&again), seen(&book));
        assert_eq!(seen(&again).iter().filter(|count| count.is_none()).count(), 7);
        let costs = again.tracks["hello"].costs;
        assert!((costs.run_seconds().expect("it was called") - 0.0002).abs() < 1e-9);
        let other = ledger.book(2.0, 610).expect("it reads");
        assert!(other.tracks.is_empty(), "minutes of another length");
    }

    #[test]
    fn old_chunks_leave_the_file_too() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let (ledger, _) = Ledger::open(folder.path()).expect("it opens");
        ledger.book(1.0, 0).expect("it reads");
        let mut book = filled();
        ledger.write(&Changes::take(&mut book, 610, |_| true)).expect("it is written");
        let late = 610 + 5 * (FIVES_KEPT + CHUNK);
        ledger.write(&Changes::take(&mut book, late, |_| false)).expect("it is written");
        let again = ledger.book(1.0, 610).expect("it reads");
        assert!(again.tracks.is_empty() && again.measured.minutes.is_empty());
    }

    #[test]
    fn a_damaged_file_is_kept_aside_and_a_new_one_begun() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        std::fs::write(folder.path().join(FILE), b"not a database").expect("it is written");
        let (ledger, aside) = Ledger::open(folder.path()).expect("a new one is begun");
        let aside = aside.expect("the old one went aside");
        assert!(aside.why.contains("cannot be read"), "{}", aside.why);
        assert_eq!(std::fs::read(&aside.to).expect("it is there"), b"not a database");
        ledger.keep("occasions", "one", b"1").expect("it works");
        ledger.keep("zebras", "one", b"2").expect("it works");
        assert_eq!(ledger.records("occasions").expect("it reads").len(), 1);
        let come = [("two".to_string(), b"3".to_vec())];
        ledger.exchange("occasions", &["one".to_string()], &come).expect("it works");
        let names = ledger.records("occasions").expect("it reads");
        assert_eq!(names, [("two".to_string(), b"3".to_vec())]);
    }
}
