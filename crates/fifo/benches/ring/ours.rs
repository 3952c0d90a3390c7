//! The ring of this crate: a FIFO in each direction.

use std::os::fd::OwnedFd;

use swell_fifo::class::Class;
use swell_fifo::fifo::Fifo;
use swell_fifo::layout::region;
use swell_fifo::mapping::Mapping;
use swell_fifo::owner::{Begun, Heir, Next, Owner};
use swell_fifo::pool::Sharing;
use swell_fifo::producer::Producer;
use swell_fifo::refusal::PushError;
use swell_fifo::template::Segment;

use crate::end::{End, Wait};

/// Items that are committed together.
const BATCH: usize = 32;

pub(crate) struct Ours {
    producer: Producer<Mapping>,
    owner: Owner<Mapping>,
    taken: usize,
}

/// The three segments of a FIFO: control, region, page.
pub(crate) fn fifo(size: usize) -> (Fifo<Mapping>, [Segment; 3]) {
    // As many as the peers hold: 256 items.
    let bytes = (256 * size as u64).clamp(64 << 10, Class::MAX.bytes());
    let class = Class::holding(bytes, size as u64).expect("the largest class holds it");
    let region = Segment::new("region", region::DATA + class.bytes() as usize).expect("memory");
    let (control, page) = (
        Segment::page(Sharing::Processes).expect("memory"),
        Segment::page(Sharing::Processes).expect("memory"),
    );
    let mut fifo = Fifo::new(control.memory.clone(), 1, false, vec![region.memory.clone()]);
    fifo.prepare(page.memory.clone());
    fifo.raise(1);
    fifo.take_over().expect("sound");
    (fifo, [control, region, page])
}

fn ours(forth: [Mapping; 3], back: [Mapping; 3], spins: u32) -> Ours {
    let [control, region, page] = forth;
    let mut producer = Producer::open(control, 0, region, page).expect("sound");
    producer.set_spins(spins);
    let [control, region, page] = back;
    let heir = Heir::new(control, page, None, vec![vec![region]]).expect("sound");
    let Ok(Begun::Owner(mut owner)) = heir.begin() else { panic!("positions are given") };
    owner.set_spins(spins);
    Ours { producer, owner, taken: 0 }
}

impl End for Ours {
    fn create(size: usize, wait: Wait) -> (Self, Vec<OwnedFd>) {
        let ((_, forth), (_, back)) = (fifo(size), fifo(size));
        let [f, b] = [&forth, &back].map(|all| all.each_ref().map(|one| one.memory.clone()));
        let end = ours(f, b, wait.spins());
        let copy = |fd: &OwnedFd| fd.try_clone().expect("a descriptor");
        let [control, region, page] = &forth;
        let mut descriptors = vec![control.reader(), region.reader(), page.writer()];
        let [control, region, page] = &back;
        descriptors.extend([control.reader(), region.writer(), page.reader()]);
        let descriptors = descriptors.into_iter().map(copy).collect();
        (end, descriptors)
    }

    fn join(_size: usize, wait: Wait, descriptors: Vec<OwnedFd>) -> Self {
        let readable = |fd: &OwnedFd| Mapping::readable(fd).expect("sealed memory");
        let writable = |fd: &OwnedFd| Mapping::writable(fd).expect("sealed memory");
        let [fc, fr, fp, bc, br, bp] = &descriptors[..] else { panic!("six descriptors") };
        let forth = [readable(fc), readable(fr), writable(fp)];
        let back = [readable(bc), writable(br), readable(bp)];
        ours(back, forth, wait.spins())
    }

    #[inline]
    fn send(&mut self, bytes: &[u8]) {
        while self.producer.push(bytes) == Err(PushError::Full) {
            self.producer.wait(bytes.len(), None).expect("sound");
        }
    }

    #[inline]
    fn receive(&mut self, into: &mut Vec<u8>) {
        loop {
            match self.owner.take().expect("sound") {
                Next::Item(item) => {
                    let _ = item.copy_to(into);
                    self.taken += 1;
                    if self.taken >= BATCH {
                        self.taken = 0;
                        self.owner.commit();
                    }
                    return;
                }
                Next::Empty => {
                    self.taken = 0;
                    self.owner.commit();
                    self.owner.wait(None);
                }
                Next::Revoked => panic!("nobody else wants it"),
            }
        }
    }
}

/// The same, with items that are sent as a stream published together.
pub(crate) struct Batched(Ours, usize);

impl End for Batched {
    fn create(size: usize, wait: Wait) -> (Self, Vec<OwnedFd>) {
        let (ours, descriptors) = Ours::create(size, wait);
        (Self(ours, 0), descriptors)
    }

    fn join(size: usize, wait: Wait, descriptors: Vec<OwnedFd>) -> Self {
        Self(Ours::join(size, wait, descriptors), 0)
    }

    #[inline]
    fn send(&mut self, bytes: &[u8]) {
        self.0.send(bytes);
    }

    #[inline]
    fn stream(&mut self, bytes: &[u8]) {
        let producer = &mut self.0.producer;
        while producer.stage(bytes) == Err(PushError::Full) {
            producer.wait(bytes.len(), None).expect("sound");
        }
        self.1 += 1;
        if self.1.is_multiple_of(BATCH) {
            producer.publish();
        }
    }

    #[inline]
    fn receive(&mut self, into: &mut Vec<u8>) {
        self.0.receive(into);
    }
}
