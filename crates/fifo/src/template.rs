//! What the daemon's pool holds: mapped regions and pages, with their descriptors.

use std::io;
use std::os::fd::OwnedFd;

use crate::class::Class;
use crate::layout::{PAGE, region};
use crate::mapping::Mapping;
use crate::memfd;
use crate::pool::Maker;
use crate::shared::Shared;

/// A segment with its two descriptors: one for its writer, one for its readers.
pub struct Segment {
    /// The daemon's own mapping; writable, as it has to format and to scrub.
    pub memory: Mapping,
    /// For the party that writes it.
    pub writer: OwnedFd,
    /// For everybody else: the kernel refuses to map it writable.
    pub reader: OwnedFd,
}

impl Segment {
    /// Makes a segment of `size` bytes whose pages are all there.
    pub fn new(name: &str, size: usize) -> io::Result<Self> {
        let writer = memfd::create(name, size)?;
        let memory = Mapping::writable(&writer)?;
        let reader = memfd::reader(&writer)?;
        Ok(Self { memory, writer, reader })
    }

    /// A segment for the control words of a FIFO, or for the page of an epoch.
    pub fn page() -> io::Result<Self> {
        Self::new("swell-fifo-page", PAGE)
    }
}

/// Makes regions out of memfds.
#[derive(Debug, Default)]
pub struct Templates;

impl Maker for Templates {
    type Region = Segment;

    fn make(&mut self, class: Class) -> io::Result<Segment> {
        Segment::new("swell-fifo-region", region::DATA + class.bytes() as usize)
    }

    fn scrub(&mut self, segment: &mut Segment) {
        let zeros = [0; 16 << 10];
        let size = segment.memory.size();
        for at in (0..size).step_by(zeros.len()) {
            segment.memory.write(at, &zeros[..zeros.len().min(size - at)]);
        }
    }
}
