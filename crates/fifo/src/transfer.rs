//! A FIFO on its way to another node: its unread items, and what its producers have had
//! accepted.
//!
//! The stream is a magic number; a manifest (postcard, with its length before it); per lane
//! its items, each with its length before it; and an end with a checksum over all of it.
//! The receiver fills a FIFO that nobody owns yet, and only one that came whole to the last
//! byte is ever raised: a stream that breaks off leaves everything as it was.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use xxhash_rust::xxh3::Xxh3;

use crate::fault::Fault;
use crate::fifo::Fifo;
use crate::layout::LANES_MAX;
use crate::producer::Producer;
use crate::refusal::PushError;
use crate::shared::Shared;

const MAGIC: [u8; 8] = *b"swellf01";
const END: [u8; 8] = *b"swellend";
const MANIFEST_MAX: usize = 4096;
/// No FIFO lives to see these, and whoever counts on from below them does not overflow.
const EPOCH_MAX: u32 = u32::MAX / 2;
const SEQUENCE_MAX: u64 = u64::MAX / 2;
/// Items are read and written in pieces of so many bytes.
const PIECE: usize = 64 << 10;

/// What is known of a FIFO besides its items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Its name for good.
    pub id: u64,
    /// The epoch it left in; the receiver's first one is higher.
    pub epoch: u32,
    /// Its lanes, in order.
    pub lanes: Vec<LaneManifest>,
}

/// What is known of one lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneManifest {
    /// The sequence of the first unread item.
    pub first: u64,
    /// The first sequence that was not accepted from the producer: unread items are all
    /// from `first` up to here.
    pub next: u64,
}

/// Why a FIFO could not be sent or received. Where it was, it still is.
#[derive(Debug, Error)]
pub enum TransferError {
    /// The connection or the disk failed, or the stream broke off.
    #[error("the stream of a FIFO broke off; start the transfer again")]
    Stream(#[from] io::Error),
    /// What came is not what was sent, or was never a FIFO.
    #[error("the stream of a FIFO is damaged ({0}); start the transfer again")]
    Damaged(&'static str),
    /// A lane had items missing in the middle.
    #[error("lane {lane} misses items: {found} comes where {expected} is due")]
    Missing {
        /// Which lane.
        lane: usize,
        /// The sequence that came.
        found: u64,
        /// The one that was due.
        expected: u64,
    },
    /// The receiver has no region for it.
    #[error("lane {lane} does not fit: {source}")]
    NoRoom {
        /// Which lane.
        lane: usize,
        /// What was wrong.
        source: PushError,
    },
    /// A peer wrote nonsense into the FIFO.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Writes a FIFO that was [sent away](Fifo::send_away) and tells what was written.
pub fn export<S: Shared + Clone>(
    fifo: &Fifo<S>,
    id: u64,
    to: &mut impl Write,
) -> Result<Manifest, TransferError> {
    let mut lanes = Vec::new();
    let mut manifests = Vec::new();
    for lane in 0..fifo.lanes() {
        let mut unread = fifo.unread(lane)?;
        // The first unread item tells its own number.
        let next = fifo.next_sequence(lane);
        let first = unread.find()?.map_or(next, |found| found.sequence);
        manifests.push(LaneManifest { first, next });
        lanes.push(unread);
    }
    let manifest = Manifest { id, epoch: fifo.want().epoch, lanes: manifests };
    write(&manifest, to, |lane, expected, buffer| {
        let next = manifest.lanes[lane].next;
        let unread = &mut lanes[lane];
        let found = unread.find()?.ok_or(TransferError::Missing { lane, found: next, expected })?;
        if found.sequence != expected {
            return Err(TransferError::Missing { lane, found: found.sequence, expected });
        }
        buffer.resize(found.length, 0);
        unread.memory.read(found.at, buffer);
        unread.take(found);
        unread.committed = unread.cursor;
        Ok(())
    })?;
    Ok(manifest)
}

/// Writes a stream of the items that a manifest speaks of, wherever they are: `item` puts the
/// one of this lane and sequence into the buffer, in place of what that held.
pub fn write(
    manifest: &Manifest,
    to: &mut impl Write,
    mut item: impl FnMut(usize, u64, &mut Vec<u8>) -> Result<(), TransferError>,
) -> Result<(), TransferError> {
    let mut to = Summed { inner: to, sum: Xxh3::new() };
    to.write_all(&MAGIC)?;
    let bytes = postcard::to_allocvec(manifest).map_err(io::Error::other)?;
    to.write_all(&(bytes.len() as u32).to_le_bytes())?;
    to.write_all(&bytes)?;
    let mut buffer = Vec::new();
    for (lane, &LaneManifest { first, next }) in manifest.lanes.iter().enumerate() {
        for sequence in first..next {
            item(lane, sequence, &mut buffer)?;
            to.write_all(&(buffer.len() as u32).to_le_bytes())?;
            to.write_all(&buffer)?;
        }
    }
    let sum = to.sum.digest();
    to.inner.write_all(&END)?;
    to.inner.write_all(&sum.to_le_bytes())?;
    to.inner.flush()?;
    Ok(())
}

/// Reads a stream of `lanes` lanes: `item` hears of each item, with its lane and sequence. What
/// it was told counts only if this returns a manifest: that a stream broke off or was damaged
/// is known at its end.
pub fn read(
    from: &mut impl Read,
    lanes: usize,
    mut item: impl FnMut(usize, u64, &[u8]) -> Result<(), TransferError>,
) -> Result<Manifest, TransferError> {
    let mut from = Summed { inner: from, sum: Xxh3::new() };
    let manifest = read_manifest(&mut from, lanes)?;
    let mut buffer = Vec::new();
    for (lane, &LaneManifest { first, next }) in manifest.lanes.iter().enumerate() {
        for sequence in first..next {
            read_item(&mut from, &mut buffer)?;
            item(lane, sequence, &buffer)?;
        }
    }
    read_end(from)?;
    Ok(manifest)
}

fn read_end(from: Summed<&mut impl Read>) -> Result<(), TransferError> {
    let sum = from.sum.digest();
    let mut end = [0; 16];
    from.inner.read_exact(&mut end)?;
    if end[..8] != END || end[8..] != sum.to_le_bytes() {
        return Err(TransferError::Damaged("its checksum does not match"));
    }
    Ok(())
}

/// Fills a fresh FIFO from a stream and tells what came. Nobody owns it meanwhile, in an
/// epoch of its own with this page; `region` gives another region for a lane whose present
/// one is full. It may get an owner if this returns a manifest, and has to be thrown away if
/// not.
pub fn import<S: Shared + Clone>(
    fifo: &mut Fifo<S>,
    page: S,
    from: &mut impl Read,
    mut region: impl FnMut(usize) -> Option<S>,
) -> Result<Manifest, TransferError> {
    let mut from = Summed { inner: from, sum: Xxh3::new() };
    let manifest = read_manifest(&mut from, fifo.lanes())?;
    fifo.prepare_after(manifest.epoch, page.clone());
    fifo.raise(0);
    let mut buffer = Vec::new();
    for (lane, &LaneManifest { first, next }) in manifest.lanes.iter().enumerate() {
        fifo.begin_at(lane, first);
        let memory = fifo.first_region(lane).clone();
        let mut producer = Producer::open(fifo.control().clone(), lane, memory, page.clone())?;
        for _ in first..next {
            read_item(&mut from, &mut buffer)?;
            let pushed = match producer.push(&buffer) {
                Err(full @ PushError::Full) => match region(lane) {
                    Some(another) => {
                        fifo.extend(lane, another.clone());
                        producer.continue_in(another)?;
                        producer.push(&buffer)
                    }
                    None => Err(full),
                },
                pushed => pushed,
            };
            pushed.map_err(|source| TransferError::NoRoom { lane, source })?;
        }
    }
    read_end(from)?;
    Ok(manifest)
}

fn read_manifest(from: &mut impl Read, lanes: usize) -> Result<Manifest, TransferError> {
    let mut magic = [0; 8];
    from.read_exact(&mut magic)?;
    if magic != MAGIC {
        return Err(TransferError::Damaged("it is no FIFO, or one of another version"));
    }
    let length = read_length(from)?;
    if length > MANIFEST_MAX {
        return Err(TransferError::Damaged("its manifest is too long"));
    }
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes)?;
    let manifest: Manifest = postcard::from_bytes(&bytes)
        .map_err(|_| TransferError::Damaged("its manifest cannot be read"))?;
    let is_fine = manifest.lanes.len() == lanes
        && lanes <= LANES_MAX
        && manifest.epoch <= EPOCH_MAX
        && manifest.lanes.iter().all(|lane| lane.first <= lane.next && lane.next <= SEQUENCE_MAX);
    if is_fine { Ok(manifest) } else { Err(TransferError::Damaged("its lanes make no sense")) }
}

/// Reads an item; memory grows with what came, not with what was claimed.
fn read_item(from: &mut impl Read, buffer: &mut Vec<u8>) -> Result<(), TransferError> {
    let length = read_length(from)?;
    buffer.clear();
    while buffer.len() < length {
        let start = buffer.len();
        buffer.resize(length.min(start + PIECE), 0);
        from.read_exact(&mut buffer[start..])?;
    }
    Ok(())
}

fn read_length(from: &mut impl Read) -> io::Result<usize> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    Ok(u32::from_le_bytes(length) as usize)
}

/// A stream with the checksum of what went through it.
struct Summed<T> {
    inner: T,
    sum: Xxh3,
}

impl<T: Write> Write for Summed<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.sum.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<T: Read> Read for Summed<T> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        self.sum.update(&into[..count]);
        Ok(count)
    }
}
