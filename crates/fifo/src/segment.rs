//! Making and recognising segments: what stands in them before anybody uses them.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crate::fault::Fault;
use crate::layout::{
    ALIGN, AT_KIND, AT_MAGIC, KIND_CONTROL, KIND_PAGE, KIND_REGION, LANES_MAX, MAGIC, PAGE, Want,
    control, page, region,
};
use crate::shared::Shared;

/// Writes the control segment of the FIFO called `id`. Nobody owns it yet.
pub fn format_control<S: Shared>(memory: &S, id: u64, lanes: usize, lossy: bool) {
    assert!((1..=LANES_MAX).contains(&lanes), "a FIFO has between 1 and {LANES_MAX} lanes");
    memory.store(control::ID, id, Relaxed);
    memory.store(control::LANES, lanes as u64, Relaxed);
    memory.store(control::LOSSY, u64::from(lossy), Relaxed);
    memory.store(control::WANT, Want { epoch: 0, owner: 0 }.word(), Relaxed);
    mark(memory, KIND_CONTROL);
}

/// Writes the head of a region, which nothing was put into yet. With `base` the lane
/// begins here; without, another region of it comes first.
pub fn format_region<S: Shared>(memory: &S, base: Option<u64>) {
    let capacity = (memory.size() - region::DATA) as u64;
    assert!(capacity.is_power_of_two(), "regions hold a power of two of bytes");
    memory.store(region::CAPACITY, capacity, Relaxed);
    for at in (region::TAIL..region::DATA).step_by(8) {
        memory.store(at, 0, Relaxed);
    }
    memory.store(region::SEALED, region::UNUSED, Relaxed);
    match base {
        Some(base) => begin_region(memory, base, 0),
        None => memory.store(region::BASE, region::UNUSED, Relaxed),
    }
    mark(memory, KIND_REGION);
}

/// Lets a region begin at `base`, with the item of this sequence.
pub(crate) fn begin_region<S: Shared>(memory: &S, base: u64, sequence: u64) {
    memory.store(region::TAIL, base, Relaxed);
    memory.store(region::DISCARDED, base, Relaxed);
    memory.store(region::MARKS, base, Relaxed);
    memory.store(region::MARKS + 8, sequence, Relaxed);
    memory.store(region::MARKS + 16, region::UNUSED, Relaxed);
    memory.store(region::BASE, base, Release);
}

/// Writes the page of an epoch.
pub fn format_page<S: Shared>(memory: &S, epoch: u32) {
    for at in (0..PAGE).step_by(8) {
        memory.store(at, 0, Relaxed);
    }
    memory.store(page::EPOCH, u64::from(epoch), Relaxed);
    mark(memory, KIND_PAGE);
}

fn mark<S: Shared>(memory: &S, kind: u64) {
    memory.store(AT_KIND, kind, Relaxed);
    memory.store(AT_MAGIC, MAGIC, Release);
}

fn check<S: Shared>(memory: &S, kind: u64, size: usize) -> Result<(), Fault> {
    let is_ours = memory.size() >= size
        && memory.load(AT_MAGIC, Acquire) == MAGIC
        && memory.load(AT_KIND, Relaxed) == kind;
    if is_ours { Ok(()) } else { Err(Fault::NotASegment) }
}

/// What a control segment says for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Control {
    /// Which FIFO this is.
    pub id: u64,
    /// How many lanes it has.
    pub lanes: usize,
    /// Whether full lanes overwrite their oldest items.
    pub lossy: bool,
}

/// Reads a control segment.
pub fn read_control<S: Shared>(memory: &S) -> Result<Control, Fault> {
    check(memory, KIND_CONTROL, PAGE)?;
    let lanes = memory.load(control::LANES, Relaxed);
    if !(1..=LANES_MAX as u64).contains(&lanes) {
        return Err(Fault::Lanes(lanes));
    }
    let id = memory.load(control::ID, Relaxed);
    Ok(Control { id, lanes: lanes as usize, lossy: memory.load(control::LOSSY, Relaxed) == 1 })
}

/// Whom the daemon wants to own the FIFO.
#[inline]
pub fn want<S: Shared>(memory: &S) -> Want {
    Want::of(memory.load(control::WANT, Acquire))
}

/// What a region says for good, once it has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Region {
    pub(crate) capacity: u64,
    pub(crate) base: u64,
}

/// Reads the head of a region; nothing if it has not begun.
pub(crate) fn read_region<S: Shared>(memory: &S) -> Result<Option<Region>, Fault> {
    check(memory, KIND_REGION, region::DATA)?;
    let capacity = memory.load(region::CAPACITY, Relaxed);
    let room = (memory.size() - region::DATA) as u64;
    if !capacity.is_power_of_two() || capacity > room || capacity < 8 * ALIGN {
        return Err(Fault::Capacity(capacity));
    }
    let base = memory.load(region::BASE, Acquire);
    if base == region::UNUSED {
        return Ok(None);
    }
    position(base, 0, u64::MAX - ALIGN)?;
    Ok(Some(Region { capacity, base }))
}

/// Reads which epoch a page is for.
pub fn read_page<S: Shared>(memory: &S) -> Result<u32, Fault> {
    check(memory, KIND_PAGE, PAGE)?;
    Ok(memory.load(page::EPOCH, Relaxed) as u32)
}

/// Holds a position that somebody else wrote against the bounds it must lie in.
#[inline]
pub(crate) fn position(found: u64, low: u64, high: u64) -> Result<u64, Fault> {
    if found >= low && found <= high && found.is_multiple_of(ALIGN) {
        Ok(found)
    } else {
        Err(Fault::Position { found, low, high })
    }
}

/// The sequence that follows a tail, by the mark that belongs to it.
pub(crate) fn marked<S: Shared>(memory: &S, tail: u64) -> Option<u64> {
    let marks = [region::MARKS, region::MARKS + 16];
    let mark = marks.into_iter().find(|&mark| memory.load(mark, Relaxed) == tail)?;
    Some(memory.load(mark + 8, Relaxed))
}
