//! The record of forecasts: each of them, and what came, of the last hours. The journal of a run
//! ends when it has used up its share of the disk, since a replay needs its beginning; this goes
//! on, and its oldest segments make room.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use swell_core::demand::StepDemand;
use swell_forecast::bands::Quantiles;
use swell_forecast::foresight::steps::OCCURRENCE;
use swell_journal::forecasts::{Frame, Frames, MAGIC, Said, write};

use crate::demand::book::Book;
use crate::foresight::outlook::{MinuteOutlook, Outlook};

/// The folder of segments, in the data folder.
const FOLDER: &str = "forecasts";
/// Ending of the names of segments.
const ENDING: &str = "told";
/// Segments that fit into the share of the disk, about.
const SEGMENTS: u64 = 8;
/// Minutes of a forecast of minutes that are kept: those that clones are decided by.
const MINUTES: usize = 2;

/// The record, as it is written.
pub struct Record {
    folder: PathBuf,
    bytes_max: u64,
    segment: Option<Segment>,
    /// The next minute whose counts are written.
    next: u64,
    is_broken: bool,
}

/// A minute, and the calls of each function that was called in it.
pub type Minute = (u64, Vec<(Arc<str>, u32)>);

struct Segment {
    file: File,
    bytes: u64,
    numbers: BTreeMap<Arc<str>, u32>,
}

impl Record {
    /// A record in a data folder that takes at most so many bytes, zero for none; counts are
    /// written from the minute `open` on.
    pub fn new(data: &Path, bytes_max: u64, open: u64) -> Self {
        let folder = data.join(FOLDER);
        Self { folder, bytes_max, segment: None, next: open, is_broken: false }
    }

    /// What is to be written of the minutes before `open` that were measured.
    pub fn due(&mut self, book: &Book, open: u64) -> Vec<Minute> {
        let minutes = self.next..open;
        self.next = self.next.max(open);
        let measured = minutes.filter(|&minute| book.measured.minutes.get(minute) > 0);
        let of = |minute: u64| {
            let calls = book.tracks.iter().map(|(name, track)| (name, track.minutes.get(minute)));
            let called = calls.filter(|(_, calls)| *calls > 0);
            (minute, called.map(|(name, calls)| (name.clone(), calls)).collect())
        };
        measured.map(of).collect()
    }

    /// Minutes are over.
    pub fn counted(&mut self, minutes: Vec<Minute>) {
        for (minute, calls) in minutes {
            self.put(calls, |calls| Frame::Counted { minute, calls });
        }
    }

    /// The next minutes were forecast.
    pub fn minutes(&mut self, outlook: &MinuteOutlook) {
        let said = |(step, bands): (&StepDemand, &Quantiles)| Said {
            chance: Some(step.chance),
            quantiles: *bands,
        };
        let functions = outlook.rows.iter().map(|(name, row)| {
            let steps = row.steps.iter().zip(&row.bands).take(MINUTES);
            (name.clone(), steps.map(said).collect::<Vec<_>>())
        });
        let (by, minute) = (OCCURRENCE.to_string(), outlook.origin);
        self.put(functions.collect(), |functions| Frame::Foretold {
            by,
            minute,
            step: 1,
            functions,
        });
    }

    /// The next steps, of so many minutes, were forecast.
    pub fn steps(&mut self, outlook: &Outlook, step: u64) {
        let functions = outlook.rows.iter().map(|row| {
            let said = |quantiles: &[f32; 5]| Said { chance: None, quantiles: *quantiles };
            (row.name.clone(), row.forecast.steps.iter().map(said).collect::<Vec<_>>())
        });
        let (by, minute) = (outlook.model.clone(), outlook.origin * step);
        let step = step as u32;
        self.put(functions.collect(), |functions| Frame::Foretold { by, minute, step, functions });
    }

    fn put<T>(&mut self, named: Vec<(Arc<str>, T)>, frame: impl FnOnce(Vec<(u32, T)>) -> Frame) {
        if self.bytes_max == 0 {
            return;
        }
        match self.try_put(named, frame) {
            Ok(()) => self.is_broken = false,
            Err(error) => {
                if !std::mem::replace(&mut self.is_broken, true) {
                    tracing::warn!(%error, "forecasts are not recorded; the next one is tried anew");
                }
                self.segment = None;
            }
        }
    }

    fn try_put<T>(
        &mut self,
        named: Vec<(Arc<str>, T)>,
        frame: impl FnOnce(Vec<(u32, T)>) -> Frame,
    ) -> io::Result<()> {
        if self.segment.as_ref().is_none_or(|open| open.bytes >= self.bytes_max / SEGMENTS) {
            self.segment = Some(self.begin()?);
        }
        let segment = self.segment.as_mut().expect("it was begun");
        let (mut new, mut numbered) = (Vec::new(), Vec::with_capacity(named.len()));
        for (name, value) in named {
            let next = segment.numbers.len() as u32;
            let number = *segment.numbers.entry(name.clone()).or_insert_with(|| {
                new.push(name.to_string());
                next
            });
            numbered.push((number, value));
        }
        let mut bytes = Vec::new();
        if !new.is_empty() {
            bytes.extend(write(&Frame::Named(new)));
        }
        bytes.extend(write(&frame(numbered)));
        segment.bytes += bytes.len() as u64;
        segment.file.write_all(&bytes)
    }

    /// Begins a segment, after making room for it.
    fn begin(&self) -> io::Result<Segment> {
        fs::create_dir_all(&self.folder)?;
        let mut kept = segments(&self.folder)?;
        let mut all: u64 = kept.iter().map(|(_, _, length)| length).sum();
        let room = self.bytes_max - self.bytes_max / SEGMENTS;
        let next = kept.last().map_or(1, |(number, _, _)| number + 1);
        for (_, path, length) in kept.drain(..) {
            if all <= room {
                break;
            }
            fs::remove_file(path)?;
            all -= length;
        }
        let mut file = File::create_new(self.folder.join(format!("{next:012}.{ENDING}")))?;
        file.write_all(&MAGIC)?;
        Ok(Segment { file, bytes: MAGIC.len() as u64, numbers: BTreeMap::new() })
    }
}

/// Number, path and length of each segment, oldest first.
fn segments(folder: &Path) -> io::Result<Vec<(u64, PathBuf, u64)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let (path, length) = entry.and_then(|entry| Ok((entry.path(), entry.metadata()?.len())))?;
        let number = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
        if let Some(number) = number.filter(|_| path.extension().is_some_and(|end| end == ENDING)) {
            found.push((number, path, length));
        }
    }
    found.sort();
    Ok(found)
}

/// All that is recorded in a data folder, whole frames only: what a node that was killed left half
/// written is left out. Reads the disk.
pub fn read(data: &Path) -> io::Result<Vec<u8>> {
    let folder = data.join(FOLDER);
    let mut all = Vec::new();
    if !folder.exists() {
        return Ok(all);
    }
    for (_, path, _) in segments(&folder)? {
        let bytes = match fs::read(path) {
            // It may have made room meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            read => read?,
        };
        let mut frames = Frames::of(&bytes);
        frames.by_ref().for_each(drop);
        all.extend(&bytes[..bytes.len() - frames.left()]);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use swell_forecast::bands::Forecast;
    use swell_journal::forecasts::Next;

    use super::*;
    use crate::demand::book::Counted;
    use crate::demand::track::CallCosts;
    use crate::foresight::outlook::Row;

    /// What is expected at a step: of many functions, something.
    fn outlook(origin: u64, functions: usize) -> Outlook {
        let row = |number: usize| Row {
            name: format!("f{number}").into(),
            chosen: None,
            forecast: Forecast { steps: vec![[0.0, 1.0, (number + 1) as f32, 99.0, 200.0]; 12] },
            bare: None,
            plain: None,
            is_known: true,
            known_ms: Vec::new(),
            costs: CallCosts::default(),
            memory_limit: 0,
            about: Vec::new(),
            turns: Vec::new(),
        };
        let rows = (0..functions).map(row).collect();
        Outlook { origin, model: "window-1h".to_string(), rows, ..Outlook::default() }
    }

    fn told(data: &Path) -> Vec<Next> {
        let bytes = read(data).expect("it can be read");
        Frames::of(&bytes).collect()
    }

    #[test]
    fn forecasts_and_what_came_are_there_after_a_kill_and_in_the_next_run() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let mut book = Book::default();
        let counted = Counted { calls: 7, ..Counted::default() };
        book.close(100, 1, &[("f0".into(), counted)].into());
        let mut record = Record::new(folder.path(), 1 << 20, 100);
        record.steps(&outlook(20, 2), 5);
        let due = record.due(&book, 102);
        record.counted(due);
        drop(record);
        let first = segments(&folder.path().join(FOLDER)).expect("it is there").remove(0).1;
        let cut = fs::OpenOptions::new().append(true).open(first);
        cut.and_then(|mut file| file.write_all(&[9, 0, 0, 0, 1])).expect("it can be written");
        let mut record = Record::new(folder.path(), 1 << 20, 102);
        record.steps(&outlook(21, 1), 5);
        let told = told(folder.path());
        let is_step = |next: &Next, at: u64| matches!(next, Next::Frame(Frame::Foretold { minute, step: 5, .. }) if *minute == at);
        assert!(
            told.iter().any(|next| is_step(next, 100))
                && told.iter().any(|next| is_step(next, 105))
        );
        let counts = Next::Frame(Frame::Counted { minute: 100, calls: vec![(0, 7)] });
        assert!(told.contains(&counts), "and no minute that was not measured: {told:?}");
        assert_eq!(
            told.iter().filter(|next| matches!(next, Next::Frame(Frame::Counted { .. }))).count(),
            1
        );
        assert_eq!(told.iter().filter(|next| **next == Next::Segment).count(), 2);
    }

    #[test]
    fn the_oldest_make_room_and_the_newest_are_always_there() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let most = 40_000;
        let mut record = Record::new(folder.path(), most, 0);
        for origin in 0..400 {
            record.steps(&outlook(origin, 100), 5);
            let all = segments(&folder.path().join(FOLDER)).expect("they are there");
            let bytes: u64 = all.iter().map(|(_, _, length)| length).sum();
            assert!(bytes <= most + 5_000, "{bytes} bytes at {origin}");
        }
        let told = told(folder.path());
        let minutes: Vec<u64> = told
            .iter()
            .filter_map(|next| match next {
                Next::Frame(Frame::Foretold { minute, .. }) => Some(*minute),
                _ => None,
            })
            .collect();
        assert_eq!(minutes.last(), Some(&1_995));
        assert!(minutes.len() > 10 && minutes.is_sorted(), "{minutes:?}");
        assert!(minutes[0] > 0, "the first are gone");
    }

    #[test]
    fn no_share_of_the_disk_is_no_record() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        Record::new(folder.path(), 0, 0).steps(&outlook(1, 1), 5);
        assert!(!folder.path().join(FOLDER).exists());
        assert_eq!(told(folder.path()), []);
    }
}
