//! What the daemon's pool holds: mapped regions and pages, with their descriptors.

use std::io;
use std::os::fd::OwnedFd;

use crate::class::Class;
use crate::layout::{PAGE, region};
use crate::maker::Maker;
use crate::mapping::Mapping;
use crate::memfd;
use crate::pool::Sharing;
use crate::shared::Shared;

/// A segment with its two descriptors: one for its writer, one for its readers. Where all
/// parties are in this process it needs neither, and a node has only so many.
pub struct Segment {
    /// The daemon's own mapping; writable, as it has to format and to scrub.
    pub memory: Mapping,
    descriptors: Option<Descriptors>,
}

struct Descriptors {
    writer: OwnedFd,
    reader: OwnedFd,
}

/// Why a segment cannot be shown to a process.
const SECLUDED: &str = "only segments that were made for other processes are shown to them";

impl Segment {
    /// Makes a segment of `size` bytes whose pages are all there.
    pub fn new(name: &str, size: usize) -> io::Result<Self> {
        let writer = memfd::create(name, size)?;
        let memory = Mapping::writable(&writer)?;
        let reader = memfd::reader(&writer)?;
        Ok(Self { memory, descriptors: Some(Descriptors { writer, reader }) })
    }

    /// A segment for the control words of a FIFO, or for the page of an epoch.
    pub fn page(sharing: Sharing) -> io::Result<Self> {
        match sharing {
            Sharing::Processes => Self::new("swell-fifo-page", PAGE),
            Sharing::Nobody => Ok(Self { memory: Mapping::private(PAGE)?, descriptors: None }),
        }
    }

    /// The descriptor for the party that writes it.
    ///
    /// # Panics
    ///
    /// If it was made for nobody else, or secluded since.
    pub fn writer(&self) -> &OwnedFd {
        &self.descriptors.as_ref().expect(SECLUDED).writer
    }

    /// The descriptor for everybody else: the kernel refuses to map it writable.
    ///
    /// # Panics
    ///
    /// If it was made for nobody else, or secluded since.
    pub fn reader(&self) -> &OwnedFd {
        &self.descriptors.as_ref().expect(SECLUDED).reader
    }
}

/// Makes regions out of memfds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Templates;

impl Maker for Templates {
    type Region = Segment;

    fn seclude(&self, segment: &mut Segment) {
        segment.descriptors = None;
    }

    fn is_secluded(&self, segment: &Segment) -> bool {
        segment.descriptors.is_none()
    }

    fn make(&self, class: Class) -> io::Result<Segment> {
        Segment::new("swell-fifo-region", region::DATA + class.bytes() as usize)
    }

    fn scrub(&self, segment: &mut Segment) {
        let zeros = [0; 16 << 10];
        let size = segment.memory.size();
        for at in (0..size).step_by(zeros.len()) {
            segment.memory.write(at, &zeros[..zeros.len().min(size - at)]);
        }
    }
}
