//! What a lane keeps on disk: items that must survive the node, or that found no room in
//! memory. A log in segments; whole segments go when all their items are done.
//!
//! A record is a head of 24 bytes (kind and length, sequence, hash) and the item. A log that
//! ends in what makes no sense was cut off by a crash, as far as anybody can tell, before that was
//! acknowledged: it goes, and the log of the node tells how much. What makes no sense before the last
//! segment is left as it is, and the flow is not up.
//!
//! What was done for the log, as it lay in memory only from then on, can be kept again: a record
//! of such an item says that it and those after it are not done after all.
//!
//! Invariant: sequences of items that are not done have no gaps, so the lane that takes them
//! up again counts on from the first.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3;

/// Bytes before an item.
const HEAD: usize = 24;
/// Segments are an eighth of the limit, within these bounds.
const SEGMENT_BYTES: (u64, u64) = (64 << 10, 8 << 20);

const ITEM: u32 = 1;
const DONE: u32 = 2;

/// The log of a lane.
pub(crate) struct Keep {
    folder: PathBuf,
    limit: u64,
    /// Oldest first; the last one is written to. None before the first item.
    segments: VecDeque<Segment>,
    /// Items that are not done, by sequence.
    index: VecDeque<Place>,
    /// Everything before this is done.
    done: u64,
    bytes: u64,
}

struct Segment {
    number: u64,
    file: Arc<File>,
    bytes: u64,
    /// The sequence after the last item in it.
    end: u64,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    sequence: u64,
    segment: u64,
    at: u64,
    length: u32,
}

impl Keep {
    /// Opens the log in this folder, which may take `limit` bytes. Nothing is made before
    /// there is something to keep.
    pub(crate) fn open(folder: PathBuf, limit: u64) -> io::Result<Self> {
        let (segments, index) = (VecDeque::new(), VecDeque::new());
        let mut keep = Self { folder, limit, segments, index, done: 0, bytes: 0 };
        let mut numbers = numbers(&keep.folder)?;
        numbers.sort_unstable();
        let last = numbers.last().copied();
        for number in numbers {
            keep.read_segment(number, Some(number) == last)?;
        }
        // Saved items of a node that went down lie behind those that came after them.
        keep.index.make_contiguous().sort_by_key(|place| place.sequence);
        let done = keep.done;
        keep.index.retain(|place| place.sequence >= done);
        Ok(keep)
    }

    /// Bytes on disk.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Items that are not done.
    pub(crate) fn items(&self) -> u64 {
        self.index.len() as u64
    }

    /// The first item that is not done; else the one that would be next.
    pub(crate) fn first(&self) -> u64 {
        self.index.front().map_or_else(|| self.next(), |place| place.sequence)
    }

    /// The sequence after all that was ever kept or done.
    pub(crate) fn next(&self) -> u64 {
        self.index.back().map_or(self.done, |place| place.sequence + 1).max(self.done)
    }

    /// Whether an item of `length` bytes may be kept.
    pub(crate) fn has_room(&self, length: usize) -> bool {
        self.bytes + (HEAD + length) as u64 <= self.limit
    }

    /// Keeps an item. It is with the kernel when this returns, and would survive the program.
    pub(crate) fn append(&mut self, sequence: u64, item: &[u8]) -> io::Result<()> {
        let place = self.write(ITEM, sequence, item)?;
        self.reopen(sequence);
        let segment = self.segments.back_mut().expect("it was written to");
        segment.end = segment.end.max(sequence + 1);
        let place =
            Place { sequence, segment: segment.number, at: place, length: item.len() as u32 };
        match self.index.back() {
            Some(last) if last.sequence >= sequence => {
                let at = self.index.partition_point(|known| known.sequence < sequence);
                self.index.insert(at, place);
            }
            _ => self.index.push_back(place),
        }
        Ok(())
    }

    /// An item is kept that may have been done before. What was done then comes back only as it is
    /// kept again, as well.
    fn reopen(&mut self, sequence: u64) {
        let done = self.done;
        if sequence < done {
            self.index.retain(|place| place.sequence >= done);
            self.done = sequence;
        }
    }

    /// Everything before `sequence` is done.
    pub(crate) fn finish(&mut self, sequence: u64) -> io::Result<()> {
        if self.index.front().is_none_or(|place| place.sequence >= sequence) {
            self.done = self.done.max(sequence);
            return Ok(());
        }
        self.write(DONE, sequence, &[])?;
        self.done = self.done.max(sequence);
        let gone = self.index.partition_point(|place| place.sequence < sequence);
        self.index.drain(..gone);
        while self.segments.len() > 1 && self.segments[0].end <= self.done {
            let segment = self.segments.pop_front().expect("there are two");
            self.bytes -= segment.bytes;
            fs::remove_file(self.path(segment.number))?;
        }
        Ok(())
    }

    /// The item with this sequence, if it is kept.
    pub(crate) fn read(&self, sequence: u64) -> io::Result<Option<Vec<u8>>> {
        let Ok(at) = self.index.binary_search_by_key(&sequence, |place| place.sequence) else {
            return Ok(None);
        };
        let Place { segment, at, length, .. } = self.index[at];
        let found = self.segments.iter().find(|known| known.number == segment);
        let file = &found.expect("segments stay as long as their items").file;
        let mut item = vec![0; length as usize];
        file.read_exact_at(&mut item, at + HEAD as u64)?;
        Ok(Some(item))
    }

    /// Writes down that everything before `sequence` is done, even where nothing is kept: so
    /// numbers go on from there.
    pub(crate) fn mark(&mut self, sequence: u64) -> io::Result<()> {
        self.finish(sequence)?;
        self.write(DONE, self.done, &[]).map(drop)
    }

    /// Items from `sequence` on, or from the first that is kept: as many as have `bytes_max`
    /// bytes together, and one at least. Tells the number of the first.
    pub(crate) fn run_from(
        &self,
        sequence: u64,
        bytes_max: usize,
    ) -> io::Result<(u64, Vec<Vec<u8>>)> {
        let first = sequence.max(self.first());
        let (mut items, mut bytes) = (Vec::new(), 0);
        while let Some(item) = self.read(first + items.len() as u64)? {
            bytes += item.len();
            if bytes > bytes_max && !items.is_empty() {
                break;
            }
            items.push(item);
        }
        Ok((first, items))
    }

    /// The file that the newest records are in; all before it are on the disk.
    pub(crate) fn file(&self) -> Option<Arc<File>> {
        self.segments.back().map(|segment| segment.file.clone())
    }

    fn write(&mut self, kind: u32, sequence: u64, item: &[u8]) -> io::Result<u64> {
        let (least, most) = SEGMENT_BYTES;
        let full = (self.limit / 8).clamp(least, most);
        if self.segments.back().is_none_or(|segment| segment.bytes >= full) {
            self.begin_segment()?;
        }
        let record = record(kind, sequence, item);
        let segment = self.segments.back_mut().expect("there is one by now");
        let at = segment.bytes;
        if let Err(error) = (&*segment.file).write_all(&record) {
            // Half a record must not stand before the next one.
            segment.file.set_len(at)?;
            return Err(error);
        }
        segment.bytes += record.len() as u64;
        self.bytes += record.len() as u64;
        Ok(at)
    }

    /// Begins a segment, with how far things were done, as those before it may go.
    fn begin_segment(&mut self) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let number = self.segments.back().map_or(1, |segment| segment.number + 1);
        if let Some(segment) = self.segments.back() {
            segment.file.sync_data()?;
        }
        let mut options = OpenOptions::new();
        let options = options.create_new(true).read(true).append(true);
        let file = Arc::new(options.open(self.path(number))?);
        let record = record(DONE, self.done, &[]);
        (&*file).write_all(&record)?;
        File::open(&self.folder)?.sync_all()?;
        let bytes = record.len() as u64;
        self.bytes += bytes;
        self.segments.push_back(Segment { number, file, bytes, end: 0 });
        Ok(())
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:016x}.log"))
    }

    fn read_segment(&mut self, number: u64, is_last: bool) -> io::Result<()> {
        let path = self.path(number);
        let bytes = fs::read(&path)?;
        let file = Arc::new(OpenOptions::new().read(true).append(true).open(&path)?);
        let (mut at, mut end) = (0, 0);
        while at < bytes.len() {
            let Some((kind, sequence, length)) = parse(&bytes[at..]) else { break };
            match kind {
                ITEM => {
                    self.reopen(sequence);
                    let place = Place { sequence, segment: number, at: at as u64, length };
                    self.index.push_back(place);
                    end = end.max(sequence + 1);
                }
                _ => self.done = self.done.max(sequence),
            }
            at += HEAD + length as usize;
        }
        if at < bytes.len() {
            if !is_last {
                let why = format!("`{}` makes no sense from byte {at} on", path.display());
                return Err(io::Error::new(io::ErrorKind::InvalidData, why));
            }
            let (log, bytes) = (path.display(), bytes.len() - at);
            tracing::warn!(%log, bytes, "the end of what a flow kept makes no sense, and is cut off");
            file.set_len(at as u64)?;
        }
        self.bytes += at as u64;
        self.segments.push_back(Segment { number, file, bytes: at as u64, end });
        Ok(())
    }
}

fn numbers(folder: &Path) -> io::Result<Vec<u64>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut numbers = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(".log"));
        numbers.extend(number.and_then(|number| u64::from_str_radix(number, 16).ok()));
    }
    Ok(numbers)
}

fn record(kind: u32, sequence: u64, item: &[u8]) -> Vec<u8> {
    let mut record = Vec::with_capacity(HEAD + item.len());
    record.extend(kind.to_le_bytes());
    record.extend((item.len() as u32).to_le_bytes());
    record.extend(sequence.to_le_bytes());
    record.extend(hash(&record, item).to_le_bytes());
    record.extend(item);
    record
}

fn hash(head: &[u8], item: &[u8]) -> u64 {
    let mut hash = Xxh3::new();
    hash.update(head);
    hash.update(item);
    hash.digest()
}

/// Kind, sequence and length of the record that begins here, if it is whole.
fn parse(bytes: &[u8]) -> Option<(u32, u64, u32)> {
    let (head, rest) = bytes.split_at_checked(HEAD)?;
    let word = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().expect("four bytes"));
    let long = |at: usize| u64::from_le_bytes(head[at..at + 8].try_into().expect("eight bytes"));
    let (kind, length, sequence) = (word(0), word(4), long(8));
    let item = rest.get(..length as usize)?;
    let is_sound = (kind == ITEM || kind == DONE) && hash(&head[..16], item) == long(16);
    is_sound.then_some((kind, sequence, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keep(folder: &Path, limit: u64) -> Keep {
        Keep::open(folder.join("lane"), limit).expect("it opens")
    }

    #[test]
    fn what_is_not_done_comes_back_in_order() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let mut log = keep(folder.path(), 1 << 20);
        assert_eq!((log.first(), log.next(), log.bytes()), (0, 0, 0));
        for sequence in 0..5_000u64 {
            log.append(sequence, &sequence.to_le_bytes()).expect("there is room");
            if sequence % 7 == 0 {
                log.finish(sequence.saturating_sub(20)).expect("it is written");
            }
        }
        let first = log.first();
        drop(log);
        let mut log = keep(folder.path(), 1 << 20);
        assert_eq!((log.first(), log.next(), log.items()), (first, 5_000, 5_000 - first));
        for sequence in first..5_000 {
            let item = log.read(sequence).expect("it can be read").expect("it is kept");
            assert_eq!(item, sequence.to_le_bytes());
        }
        assert_eq!(log.read(first - 1).expect("nothing is wrong"), None);
        assert!(log.bytes() < 1 << 18, "what is done goes: {}", log.bytes());
        log.finish(5_000).expect("it is written");
        assert_eq!((log.first(), log.next(), log.items()), (5_000, 5_000, 0));
        drop(log);
        assert_eq!(keep(folder.path(), 1 << 20).next(), 5_000);
    }

    #[test]
    fn a_torn_end_goes_and_other_damage_stays() {
        for cut in [1, HEAD - 1, HEAD, HEAD + 3] {
            let folder = tempfile::tempdir().expect("a folder for the test");
            let mut log = keep(folder.path(), 1 << 20);
            for sequence in 0..3 {
                log.append(sequence, b"item").expect("there is room");
            }
            let (path, bytes) = (log.path(1), log.bytes());
            drop(log);
            let file = OpenOptions::new().write(true).open(&path).expect("it is there");
            file.set_len(bytes - cut as u64).expect("it can be cut");
            let mut log = keep(folder.path(), 1 << 20);
            assert_eq!(log.next(), 2, "cut by {cut}");
            log.append(2, b"again").expect("there is room");
            drop(log);
            let log = keep(folder.path(), 1 << 20);
            assert_eq!(log.read(2).expect("it can be read").as_deref(), Some(&b"again"[..]));
        }
        let folder = tempfile::tempdir().expect("a folder for the test");
        let mut log = keep(folder.path(), 1 << 20);
        for sequence in 0..100 {
            log.append(sequence, &[7; 4096]).expect("there is room");
        }
        let path = log.path(1);
        drop(log);
        let mut bytes = fs::read(&path).expect("it is there");
        bytes[100] ^= 1;
        fs::write(&path, &bytes).expect("it can be written");
        let opened = Keep::open(folder.path().join("lane"), 1 << 20);
        let error = opened.err().expect("it is damaged");
        assert!(error.to_string().contains("makes no sense"), "{error}");
        assert_eq!(fs::read(&path).expect("it is there"), bytes, "and was left as it is");
    }

    #[test]
    fn it_is_bounded_and_late_comers_find_their_place() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let mut log = keep(folder.path(), 4096);
        assert!(log.has_room(1_000) && !log.has_room(4_096));
        for sequence in [5, 6, 3, 4] {
            log.append(sequence, b"x").expect("there is room");
        }
        assert_eq!((log.first(), log.next()), (3, 7));
        assert!(log.read(3).expect("it can be read").is_some());
        drop(log);
        assert_eq!(keep(folder.path(), 4096).first(), 3);
    }
}
