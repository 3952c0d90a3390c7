//! A FIFO on the heap, with both of its ends, for tests to play on.

use swell_fifo::fifo::Fifo;
use swell_fifo::heap::Heap;
use swell_fifo::layout::PAGE;
use swell_fifo::owner::{Begun, Heir, Next, Owner};
use swell_fifo::producer::Producer;

/// How often chance is tried; less often where sanitizers make each time long.
pub(crate) const ROUNDS: u64 = if cfg!(swell_wordwise) { 500 } else { 20_000 };

/// A FIFO with its segments.
pub(crate) struct Stage {
    pub(crate) fifo: Fifo<Heap>,
    pub(crate) control: Heap,
    pub(crate) regions: Vec<Heap>,
    pub(crate) pages: Vec<Heap>,
}

pub(crate) fn region(capacity: usize) -> Heap {
    Heap::new(PAGE + capacity)
}

impl Stage {
    /// A FIFO of some lanes; it has its first owner-to-be, number 1.
    pub(crate) fn new(lanes: usize, capacity: usize, lossy: bool) -> Self {
        let control = Heap::new(PAGE);
        let regions: Vec<Heap> = (0..lanes).map(|_| region(capacity)).collect();
        let fifo = Fifo::new(control.clone(), 7, lossy, regions.clone());
        let mut stage = Self { fifo, control, regions, pages: Vec::new() };
        stage.raise(1);
        stage.fifo.take_over().expect("fresh segments are sound");
        stage
    }

    /// Raises the next epoch, for this owner.
    pub(crate) fn raise(&mut self, owner: u32) -> Heap {
        let page = Heap::new(PAGE);
        self.fifo.prepare(page.clone());
        self.pages.push(page.clone());
        self.fifo.raise(owner);
        page
    }

    pub(crate) fn producer(&self, lane: usize) -> Producer<Heap> {
        let page = self.pages.last().expect("a stage has an epoch").clone();
        Producer::open(self.control.clone(), lane, self.regions[lane].clone(), page)
            .expect("the segments are sound")
    }

    /// The heir of the newest epoch.
    pub(crate) fn heir(&self) -> Heir<Heap> {
        let (page, before) = match &self.pages[..] {
            [.., before, page] => (page, Some(before.clone())),
            [page] => (page, None),
            [] => unreachable!("a stage has an epoch"),
        };
        let lanes = self.regions.iter().map(|region| vec![region.clone()]).collect();
        Heir::new(self.control.clone(), page.clone(), before, lanes).expect("sound segments")
    }

    pub(crate) fn owner(&self) -> Owner<Heap> {
        match self.heir().begin().expect("sound segments") {
            Begun::Owner(owner) => owner,
            Begun::NotYet(_) | Begun::Revoked => panic!("the heir cannot begin"),
        }
    }
}

/// What came out: lane, sequence, bytes.
pub(crate) type Taken = (usize, u64, Vec<u8>);

/// Takes one item without committing it.
pub(crate) fn take(owner: &mut Owner<Heap>) -> Option<Taken> {
    let mut bytes = Vec::new();
    match owner.take().expect("honest peers") {
        Next::Item(item) => {
            assert!(item.copy_to(&mut bytes), "nobody overwrites meanwhile");
            Some((item.lane(), item.sequence(), bytes))
        }
        Next::Empty | Next::Revoked => None,
    }
}

/// Takes everything there is, and commits it.
pub(crate) fn take_all(owner: &mut Owner<Heap>) -> Vec<Taken> {
    let taken = std::iter::from_fn(|| take(owner)).collect();
    owner.commit();
    taken
}
